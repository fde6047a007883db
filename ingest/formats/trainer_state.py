"""Hugging Face's ``trainer_state.json``: what a ``Trainer`` logged, one run per file.

``loss`` is the mean over the steps since the last entry, ``eval_loss`` that of the evaluation set. The tokens are
``num_input_tokens_seen`` where the trainer counted them (``include_num_input_tokens_seen``), else steps times tokens
per step. The run is called like the folder of the file, or like the one around ``checkpoint-...``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from scalebook.corpus.errors import Misuse

from ..format import COLUMNS, Asked, Format, Sheet
from ..given import Given
from ._columns import had, lacks
from .jsonl import Row, table

_HELD = ("run", "params", "step", "tokens", "value", "metric", "task", "split", "learning_rate")
_LOSS = re.compile(r"(?P<eval>eval_(?:(?P<task>.+)_)?)?loss")


def read(given: Given, asked: Asked) -> Sheet:
    """One row per logged loss."""
    losses = list(dict.fromkeys(n for entry in _log(given) for n in entry if _LOSS.fullmatch(n)))
    if not losses:
        raise Misuse(f"{given.path} logged no loss: log_history has neither 'loss' nor 'eval_loss'")
    wanted = _asked(given, asked, losses)
    found = table(given, _rows(given, _run(given), losses), {name: COLUMNS[name] for name in _HELD})
    for name in ("params", "tokens"):
        if name in asked.columns:
            place = found.column_names.index(name)
            found = found.set_column(place, name, pa.repeat(float(asked.columns[name]), found.num_rows))
    if asked.tokens_per_step is None and found["tokens"].null_count:
        raise Misuse(
            f"{given.path} does not count tokens (num_input_tokens_seen): say --tokens-per-step T, which is the"
            " sequences of a step, over all devices and accumulated batches, times their length"
        )
    return Sheet(found, loss=("loss", *_meaning(wanted)))


def _asked(given: Given, asked: Asked, losses: list[str]) -> str:
    """The loss that is asked for, else that of the evaluation set, else that of training."""
    for ours, theirs in asked.columns.items():
        number = ours == "params" and re.fullmatch(r"[0-9.]+([eE]\+?[0-9]+)?", theirs)
        if ours != "loss" and not number:
            raise Misuse(
                f"--column {ours}={theirs}: {given.path} is a trainer's log, in which only the loss is chosen,"
                " and the size said: --column loss=eval_loss --column params=N"
            )
    wanted = asked.columns.get(
        "loss", "eval_loss" if "eval_loss" in losses else "loss" if "loss" in losses else losses[0]
    )
    if wanted not in losses:
        raise Misuse(f"--column loss={wanted}: {given.path} {lacks(wanted, losses)}{had(losses)}")
    return wanted


def _meaning(name: str) -> tuple[str | None, str]:
    """Evaluation set and split of a loss.

    Examples
    --------
    >>> _meaning("loss"), _meaning("eval_loss"), _meaning("eval_pile_loss")
    ((None, 'train'), (None, 'validation'), ('pile', 'validation'))
    """
    match = _LOSS.fullmatch(name)
    return (match["task"], "validation") if match and match["eval"] else (None, "train")


def _rows(given: Given, run: str, losses: list[str]) -> Iterator[Row]:
    for n, entry in enumerate(_log(given)):
        for name in losses:
            if name in entry:
                task, split = _meaning(name)
                yield (
                    f"log_history[{n}].{name}",
                    {
                        "run": run,
                        "step": entry.get("step"),
                        "tokens": entry.get("num_input_tokens_seen") or None,
                        "value": entry[name],
                        "metric": "loss",
                        "task": task,
                        "split": split,
                        "learning_rate": entry.get("learning_rate"),
                    },
                )


def _log(given: Given) -> list[dict[str, Any]]:
    return [entry for entry in given.document["log_history"] if isinstance(entry, dict)]


def _run(given: Given) -> str:
    """Name of the nearest folder that is not one checkpoint's; that of the file where there is none."""
    folders = [f for f in given.path.resolve().parts[1:-1] if not re.fullmatch(r"checkpoint-\d+", f)]
    return folders[-1] if folders and given.path.stem == "trainer_state" else given.path.stem


FORMAT = Format(
    title="trainer_state.json of Hugging Face's Trainer",
    recognises=lambda given: isinstance(given.document, dict) and isinstance(given.document.get("log_history"), list),
    read=read,
)
