"""Answers: protocols asked of one family with one law, as rows with a status each."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .bases import mixture
from .fit import Fit, Objective, fit_batch
from .law import Law
from .lending import Loan
from .points import NUMBERS, Points
from .protocol import Split, protocols
from .result_columns import SCHEMA
from .rows import row_of, table_of, told, unanswered
from .variants import law_named, shares_power, size_term, without_size_term

__all__ = ["SCHEMA", "Task", "answer", "answers"]


@dataclass(frozen=True)
class Task:
    """One unit of work; everything its result depends on is in its `key`."""

    points: Points
    protocol: str
    law: str
    objective: Objective
    delta: float
    starts: int
    seed: int
    loans: tuple[Loan, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """How to fit, as `fit_batch` takes it."""
        return {
            "objective": self.objective,
            "delta": self.delta,
            "starts": self.starts,
            "seed": self.seed,
            "level": 0.9,
        }

    @property
    def key(self) -> str:
        """Hash of all that the result depends on."""
        simple = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("points", "loans")}
        parts = (
            self.points.digest,
            _hash(_code(protocols[self.protocol].split)),
            _hash(_code(law_named(self.law).predict)),
            _hash(_engine_code()),
            [asdict(loan) for loan in self.loans],
        )
        return hashlib.sha256(json.dumps([*parts, simple], sort_keys=True).encode()).hexdigest()[:40]


@dataclass(frozen=True)
class _Asked:
    """A split of a task, and the fit that it needs: splits of one name share it."""

    task: Task
    split: Split
    law: Law

    @functools.cached_property
    def fit_name(self) -> str:
        """Hash of the rows learnt from, the law with its constraints, and the options; empty if nothing is fitted."""
        if not (self.split.train.any() and self.split.target.any()):
            return ""
        parts = (self.task.points.digest, self.law.name, self.split.loss, json.dumps(self.task.options))
        hashed = hashlib.sha256("\0".join(parts).encode())
        hashed.update(self.split.train.tobytes())
        return hashed.hexdigest()[:16]

    @property
    def problem(self) -> dict[str, Any]:
        """Columns that the law needs; a law that is read off may choose."""
        wanted = NUMBERS if self.law.estimate else (*self.law.inputs, self.law.target)
        columns = {name: self.task.points[name] for name in wanted if name in self.task.points.columns}
        columns[self.law.target] = self.task.points[self.split.loss if self.law.target == "loss" else self.law.target]
        return {name: values[self.split.train] for name, values in columns.items()}


def answer(task: Task) -> pd.DataFrame:
    """Result of one unit of work: one row per forecast, or one that says why there is none."""
    table = table_of(answers([task])[0], protocols[task.protocol].settings)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def answers(tasks: Sequence[Task]) -> list[list[dict[str, Any]]]:
    """Rows of several units that share law and options, fitted as one batch, which is many times faster.

    The engine promises that a fit does not depend on what else is in its batch, so neither does a result. Splits of
    several protocols that see the same rows share one fit.
    """
    law = law_named(tasks[0].law)
    asked = [_asked(task, law) for task in tasks]
    fits = _fitted([one for some in asked for one in (some if isinstance(some, list) else ())], tasks[0].options)
    found = []
    for task, some in zip(tasks, asked, strict=True):
        rows = [some] if isinstance(some, dict) else [row for one in some for row in _rows(one, fits.get(one.fit_name))]
        common = told(task.points) | {"protocol": task.protocol, "law": task.law, "objective": task.objective}
        found.append([common | row for row in rows])
    return found


def _asked(task: Task, law: Law) -> list[_Asked] | dict[str, str]:
    """Splits of a task with the law that each takes, or status and reason if it cannot be answered."""
    points, protocol = task.points, protocols[task.protocol]
    if mixed := mixture(points, law.inputs):
        return {"status": "mixed_bases", "reason": mixed}
    splits = list(protocol.split(points))
    if not splits:
        return unanswered(points, protocol.needs)
    unknown = [c for c in (*law.inputs, law.target) if c not in points.columns or not (points[c] > 0).all()]
    if unknown:
        return {"status": "not_applicable", "reason": f"the law needs {', '.join(unknown)} of every checkpoint"}
    if any(split.size_term == "lent" for split in splits):
        if size_term(law) is None or shares_power(law):
            return {"status": "not_applicable", "reason": "the law has no term of model size that could be lent"}
        if not any(loan.fits(points) for loan in task.loans):
            return {"status": "not_applicable", "reason": f"no unrelated family lends a law in {points.unit}"}
    return [_Asked(task, s, law if s.size_term == "fitted" else without_size_term(law)) for s in splits]


def _fitted(asked: Sequence[_Asked], options: dict[str, Any]) -> dict[str, Fit]:
    """Every fit once, by name; those of one form as one batch."""
    needed = {one.fit_name: one for one in asked if one.fit_name}
    forms: dict[str, list[_Asked]] = {}
    for one in needed.values():
        forms.setdefault(one.law.name, []).append(one)
    fits: dict[str, Fit] = {}
    for same in forms.values():
        with np.errstate(all="ignore"):  # a law that the data do not determine may end anywhere
            found = fit_batch(same[0].law, [one.problem for one in same], **options)
        fits |= {one.fit_name: fit for one, fit in zip(same, found, strict=True)}
    return fits


def _rows(one: _Asked, fit: Fit | None) -> Iterator[dict[str, Any]]:
    """Rows of a split: one, or one for every lender."""
    points, name = one.task.points, {"fit": one.fit_name or None}
    if one.split.size_term != "lent" or fit is None:
        yield row_of(points, one.split, fit) | name
        return
    able = [loan for loan in one.task.loans if loan.fits(points)]
    for place, loan in enumerate(able):
        yield row_of(points, one.split, fit, loan) | name | {"lender": place + 1}


def _code(function: Callable[..., Any]) -> str:
    return _source(function)


@functools.lru_cache(maxsize=256)
def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@functools.cache
def _source(function: Callable[..., Any]) -> str:
    return Path(inspect.getfile(function)).read_text(encoding="utf-8")


#: Modules that turn points into answers, besides law and protocol.
_ENGINE = (
    "answers",
    "bases",
    "designs",
    "error",
    "fit",
    "law",
    "lending",
    "points",
    "protocol",
    "result_columns",
    "rows",
    "variants",
)


@functools.cache
def _engine_code() -> str:
    """Their code: if it changes, results are made again."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in _ENGINE]
    files += [file for folder in ("engine", "soundness") for file in sorted((here / folder).glob("*.py"))]
    return "".join(file.read_text(encoding="utf-8") for file in files)
