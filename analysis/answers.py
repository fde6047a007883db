"""Answers: one protocol asked of one family with one law, as rows with a status each."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .bases import mixture, named
from .error import relative_error
from .fit import Fit, Objective, fit_batch
from .law import Law, laws
from .points import BASES, Points
from .protocol import Split, protocols

#: One row per split; settings of protocols are columns of their own, after these.
SCHEMA = pa.schema(
    [
        pa.field(name, kind)
        for kind, names in {
            pa.string(): (
                "family",
                "related",
                "protocol",
                "law",
                "objective",
                "status",
                "reason",
                "target_run",
                "unit",
                "params_basis",
                "flops_basis",
            ),
            pa.int32(): ("points", "runs", "starts", "starts_agreeing"),
            pa.float64(): (
                "train_flops",
                "target_params",
                "target_tokens",
                "target_flops",
                "observed",
                "predicted",
                "low",
                "high",
                "signed_error",
                "are",
                "extrapolation_params",
                "extrapolation_tokens",
                "extrapolation_flops",
                "objective_value",
            ),
        }.items()
        for name in names
    ]
)


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

    @property
    def key(self) -> str:
        """Hash of all that the result depends on."""
        options = {k: v for k, v in asdict(self).items() if k != "points"}
        parts = (
            self.points.digest,
            _code(protocols[self.protocol].split),
            _code(laws[self.law].predict),
            _engine_code(),
        )
        return hashlib.sha256(json.dumps([*parts, options], sort_keys=True).encode()).hexdigest()[:40]


def answer(task: Task) -> pd.DataFrame:
    """Result of one unit of work: one row per split, or one that says why there is none."""
    return answers([task])[0]


def answers(tasks: Sequence[Task]) -> list[pd.DataFrame]:
    """Results of several units that share law and options, fitted as one batch, which is many times faster.

    The engine promises that a fit does not depend on what else is in its batch, so neither does a result.
    """
    first, law = tasks[0], laws[tasks[0].law]
    splits = [list(protocols[task.protocol].split(task.points)) for task in tasks]
    refused = [_unanswerable(task.points, law, some) for task, some in zip(tasks, splits, strict=True)]
    asked = [(task, s) for task, some, why in zip(tasks, splits, refused, strict=True) if not why for s in some]
    problems = [dict(task.points.where(s.train).columns) for task, s in asked]
    fits = iter(
        fit_batch(
            law,
            problems,
            objective=first.objective,
            delta=first.delta,
            starts=first.starts,
            seed=first.seed,
            level=0.9,
        )
    )
    frames = []
    for task, some, why in zip(tasks, splits, refused, strict=True):
        rows = [why] if why else [_row(task.points, law, s, next(fits)) for s in some]
        columns = [*SCHEMA.names, *protocols[task.protocol].settings]
        frames.append(pd.DataFrame([_named(task) | row for row in rows], columns=columns))
    return frames


def _unanswerable(points: Points, law: Law, splits: Sequence[Split]) -> dict[str, str]:
    """Status and reason, if this family cannot answer with this law under this protocol; empty if it can."""
    if mixed := mixture(points, law.inputs):
        return {"status": "mixed_bases", "reason": mixed}
    if not splits:
        why = f"the protocol has no split for a family of this many sizes: {points.level.max() + 1}"
        return {"status": "not_applicable", "reason": why}
    unknown = [c for c in (*law.inputs, law.target) if c not in points.columns or not np.all(points[c] > 0)]
    why = f"the law needs {', '.join(unknown)} of every checkpoint"
    return {"status": "not_applicable", "reason": why} if unknown else {}


def _named(task: Task) -> dict[str, Any]:
    """What every row of a task says."""
    return {
        "family": task.points.family,
        "related": task.points.related or task.points.family,
        "protocol": task.protocol,
        "law": task.law,
        "objective": task.objective,
        "unit": task.points.unit,
        **{column: named(task.points, column) for column in BASES},
    }


def _row(points: Points, law: Law, split: Split, fit: Fit) -> dict[str, Any]:
    """One split: what was seen, what was predicted, what was there."""
    seen, target = points.where(split.train), points.where(split.target)
    row: dict[str, Any] = {
        **split.settings,
        "points": len(seen),
        "runs": len(seen.runs),
        "train_flops": _spent(seen),
        "status": fit.status,
        "reason": fit.reason,
        "starts": fit.starts,
        "starts_agreeing": fit.starts_agreeing,
        "objective_value": fit.value,
    }
    if not len(target):
        return row | {"status": "nothing_to_predict", "reason": "no point is left to predict"}
    if not len(seen):
        return row | {"status": "nothing_to_learn_from", "reason": "no point is left to learn from"}
    last = int(np.argmax(target["tokens"]))
    inputs: dict[str, Any] = {name: target[name] for name in law.inputs}
    with np.errstate(all="ignore"):  # a law that the data did not determine may end anywhere
        predicted = np.broadcast_to(fit.predict(**inputs), len(target))
    errors = relative_error(predicted, target["loss"])
    ends = fit.interval(**inputs) if fit.status == "converged" else (np.nan, np.nan)
    low, high = (np.broadcast_to(end, len(target)) for end in ends)
    return row | {
        "target_run": target["run"][last],
        "target_params": target["params"][last],
        "target_tokens": target["tokens"][last],
        "target_flops": target["flops"][last],
        "observed": target["loss"][last],
        "predicted": predicted[last],
        "low": low[last],
        "high": high[last],
        "signed_error": float(np.mean(errors)),
        "are": float(np.mean(np.abs(errors))),
        **{f"extrapolation_{c}": target[c][last] / seen[c].max() for c in ("params", "tokens", "flops")},
    }


def _spent(points: Points) -> float:
    """FLOPs of the training that was seen: each run up to its last point."""
    return float(sum(points["flops"][points["run"] == run].max() for run in points.runs))


def _code(function: Callable[..., Any]) -> str:
    return inspect.getsource(sys.modules[function.__module__])


@functools.cache
def _engine_code() -> str:
    """The code that turns points into answers, besides law and protocol: if it changes, results are made again."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in ("answers", "bases", "error", "fit", "law", "points", "protocol")]
    return "".join(file.read_text(encoding="utf-8") for file in [*files, *sorted((here / "engine").glob("*.py"))])
