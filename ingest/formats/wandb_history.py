"""The history of runs in Weights & Biases: rows with ``_step``, as CSV, Parquet, JSON Lines, or JSON with ``config``.

CSV and Parquet are what ``run.history().to_csv(...)`` and the history artifact give: one run per file, called like the
file. JSON is ``{"name": ..., "config": {...}, "history": [{"_step": ..., "train/loss": ...}, ...]}``, or a list of such
runs; what is in ``config`` is had with ``--column params=config.n_params``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from scalebook.corpus.errors import Misuse

from ..format import Asked, Format, Sheet
from ..given import Given
from . import csv, jsonl, parquet
from ._columns import choose_loss, sheet


def read(given: Given, asked: Asked) -> Sheet:
    """One row per logged step that has the loss."""
    names = _names(given, asked)
    loss, metric, split = choose_loss(given, asked, [n for n in names if not n.startswith(("_", "config."))])
    usual = {"step": "_step", "loss": loss.theirs} | {
        ours: f"config.{ours}" for ours in ("params", "seed", "unique_tokens") if f"config.{ours}" in names
    }
    usual = {ours: theirs for ours, theirs in usual.items() if theirs in names}
    return sheet(given, asked, names, _take(given), usual, given.path.stem, (metric, split))


def _names(given: Given, asked: Asked) -> tuple[str, ...]:
    if given.is_parquet or given.header:
        return given.names
    if given.first_rows:
        return jsonl.names(given, asked)
    return tuple(dict.fromkeys(name for _, row in _rows(given) for name in jsonl.flat(row)))


def _take(given: Given) -> Any:
    if given.is_parquet:
        return parquet.take
    if given.header:
        return csv.take
    return jsonl.take if given.first_rows else _from_document


def _from_document(given: Given, kinds: Mapping[str, str]) -> pa.Table:
    return jsonl.table(given, _rows(given), kinds)


def _rows(given: Given) -> Iterator[jsonl.Row]:
    """Rows of all runs of a document, each with its run's name and configuration."""
    many = isinstance(given.document, list)
    for n, run in enumerate(jsonl.objects(given)):
        history = run.get("history")
        if not isinstance(history, list) or not all(isinstance(row, dict) for row in history):
            raise Misuse(f"{given.path}: 'history' must be a list of objects in every run")
        name = next((str(run[k]) for k in ("name", "display_name", "run", "id") if run.get(k)), given.path.stem)
        if many and name == given.path.stem:
            raise Misuse(f"{given.path}: run [{n}] has no 'name'")
        for m, row in enumerate(history):
            yield f"[{n}].history[{m}]" if many else f"history[{m}]", {"run": name, "config": run.get("config"), **row}


def _recognises(given: Given) -> bool:
    if given.is_parquet or given.header:
        return "_step" in given.names
    if given.first_rows:
        return any("_step" in row for row in given.first_rows)
    runs = given.document if isinstance(given.document, list) else [given.document]
    return bool(runs) and isinstance(runs[0], dict) and isinstance(runs[0].get("history"), list)


FORMAT = Format(
    title="history of runs in Weights & Biases (CSV, Parquet, JSON)",
    recognises=_recognises,
    read=read,
)
