"""A chart exported from Weights & Biases: ``"Step","RUN - METRIC","RUN - METRIC__MIN","RUN - METRIC__MAX",...``.

The first column is what the chart's x-axis was: the step, or a logged quantity such as tokens. Charts may be sampled;
the whole history is had with ``run.scan_history()`` (see `wandb_history`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from scalebook.corpus.errors import Misuse

from ..arrow import numbers_of, to_arrow
from ..format import Asked, Format, Sheet
from ..given import Given
from . import csv
from ._columns import Taken, choose_loss, sheet


def read(given: Given, asked: Asked) -> Sheet:
    """One row per point of every curve of the chart's loss."""
    axis = given.header[0]
    curves: dict[str, dict[str, str]] = {}
    for name in _curves(given):
        run, _, metric = name.rpartition(" - ")
        curves.setdefault(metric, {})[run or given.path.stem] = name
    taken, metric, split = choose_loss(given, asked, tuple(curves))
    names = curves[taken.theirs]

    def take(given: Given, kinds: Mapping[str, str]) -> pa.Table:
        return _long(given, axis, names, taken)

    said = {ours: theirs for ours, theirs in asked.columns.items() if ours != "loss"}
    usual = {"step": axis} if axis == "Step" else {}
    return sheet(given, replace(asked, columns=said), (axis, "run", "loss"), take, usual, means=(metric, split))


def _curves(given: Given) -> list[str]:
    """Columns that are curves: those that have their extremes beside them."""
    found = [name for name in given.header if f"{name}__MIN" in given.header]
    if twice := next((name for name in found if given.header.count(name) > 1), None):
        raise Misuse(f"{given.path} has two curves called {twice!r}: rename one of the runs, and export again")
    return found


def _long(given: Given, axis: str, names: Mapping[str, str], taken: Taken) -> pa.Table:
    """Curves below each other; an empty cell is no point."""
    wide = csv.take(given, dict.fromkeys((axis, *names.values()), "number"))
    values, there = [], []
    for name in names.values():
        numbers, known = numbers_of(wide[name])
        there.append(np.flatnonzero(known))
        values.append(numbers[there[-1]] * taken.factor)
    at = np.concatenate(there)
    x, line = (to_arrow(numbers_of(wide[name])[0][at]) for name in (axis, "line"))
    counts = [len(t) for t in there]
    curve = pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(names), dtype=np.int32), counts), list(names))
    key = pa.DictionaryArray.from_arrays(curve.indices, list(names.values()))
    return pa.table({axis: x, "run": curve, "loss": to_arrow(np.concatenate(values)), "line": line, "key": key})


FORMAT = Format(
    title="chart exported from Weights & Biases as CSV",
    recognises=lambda given: any(f"{name}__MIN" in given.header for name in given.header),
    read=read,
)
