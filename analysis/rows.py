"""Rows of a study: what was seen, what was predicted, what was there, and how far beyond the former the latter lies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .bases import named
from .designs import levels
from .error import relative_error
from .fit import Fit
from .lending import Loan
from .points import BASES, Mask, Points
from .protocol import Split
from .result_columns import SCHEMA


def table_of(rows: Sequence[Mapping[str, Any]], settings: Iterable[str]) -> pa.Table:
    """Rows of some protocols as a table: `SCHEMA`, then their settings; what a row does not say is null."""
    columns = [*SCHEMA, *(pa.field(name, pa.float64()) for name in dict.fromkeys(settings))]
    return pa.Table.from_arrays(
        [pa.array([row.get(c.name) for row in rows], c.type, from_pandas=True) for c in columns],
        schema=pa.schema(columns),
    )


def told(points: Points) -> dict[str, Any]:
    """What every row of a family says."""
    return {
        "family": points.family,
        "related": points.related or points.family,
        "architecture": points.architecture or None,
        "varies": points.varies or None,
        "unit": points.unit,
        **{column: named(points, column) for column in BASES},
    }


def unanswered(points: Points, needs: str) -> dict[str, str]:
    """Row of a family of which a protocol makes no split."""
    has = f"{levels(points)} sizes, {len(points.runs)} runs and {len(points)} points"
    return {"status": "not_applicable", "reason": f"the protocol needs {needs}; this family has {has}"}


def row_of(points: Points, split: Split, fit: Fit | None, loan: Loan | None = None) -> dict[str, Any]:
    """One forecast.

    Parameters
    ----------
    fit : Fit, optional
        None where there was nothing to learn from or to predict.
    loan : Loan, optional
        The size term that is lent, where the split asks for one.
    """
    row = dict(split.settings) | _seen(points, split.train)
    if fit is None:
        missing = ("learn_from", "learn from") if not split.train.any() else ("predict", "predict")
        return row | {"status": f"nothing_to_{missing[0]}", "reason": f"no point is left to {missing[1]}"}
    row |= {
        "status": fit.status,
        "reason": fit.reason,
        "coefficients": json.dumps({n: v if np.isfinite(v) else None for n, v in fit.values.items()}),
        "starts": fit.starts,
        "starts_agreeing": fit.starts_agreeing,
        "objective_value": fit.value,
        "evaluation_set": None if split.loss == "loss" else split.loss,
    }
    target = np.flatnonzero(split.target)
    last = int(target[np.argmax(points["tokens"][target])])
    ends = ("params", "tokens", "flops")
    row |= {"target_run": points["run"][last], **{f"target_{c}": points[c][last] for c in ends}}
    row |= {f"extrapolation_{c}": points[c][last] / points[c][split.train].max() for c in ends}
    return row | _forecast(points, split, fit, loan, target, last)


def _seen(points: Points, train: Mask) -> dict[str, Any]:
    """What was learnt from, and what it cost: each run up to its last point."""
    if not train.any():
        return {"points": 0, "runs": 0, "train_flops": 0.0, "sizes_seen": 0}
    run = points.run_index[train]
    spent, share = np.zeros(len(points.runs)), np.zeros(len(points.runs))
    np.maximum.at(spent, run, points["flops"][train])
    np.maximum.at(share, run, points.progress[train])
    runs, params = np.unique(run), points["params"][train]
    found = {
        "points": len(run),
        "runs": len(runs),
        "train_flops": float(spent.sum()),
        "sizes_seen": len(np.unique(points.level[train])),
        "share_seen": float(np.median(share[runs])),
        "params_from": params.min(),
        "params_to": params.max(),
        "tokens_to": points["tokens"][train].max(),
    }
    if "seed" in points.columns:
        seeds = points["seed"][train]
        found["seeds_seen"] = len(np.unique(seeds[np.isfinite(seeds)]))
    if "schedule" in points.columns:
        words = sorted(set(points["schedule"][train].tolist()) - {""})
        found["schedule"] = ", ".join(words) or None
    return found


def _forecast(
    points: Points, split: Split, fit: Fit, loan: Loan | None, target: np.ndarray[Any, Any], last: int
) -> dict[str, Any]:
    """Predicted and observed: the mean error over the target, and values with an interval at its last point."""
    inputs: dict[str, Any] = {c: points[c][target] for c in fit.law.inputs}
    at_last: dict[str, Any] = {c: points[c][[last]] for c in fit.law.inputs}
    with np.errstate(all="ignore"):  # a law that the data did not determine may end anywhere
        predicted = np.broadcast_to(fit.predict(**inputs), len(target))
        ends = fit.interval(**at_last) if fit.status == "converged" else (np.nan, np.nan)
    low, high = (float(np.ravel(end)[0]) for end in ends)
    observed, at = points[split.loss], int(np.searchsorted(target, last))
    move = np.zeros(len(target))
    found: dict[str, Any] = {}
    if loan is not None:
        own = points["params"][split.train][0]
        move = loan.term(points["params"][target]) - loan.term(own)
        found = {"lent_by": loan.family, "lent_architecture": loan.architecture or None} | _at_odds(fit, loan, own)
    errors = relative_error(predicted + move, observed[target])
    return found | {
        "observed": observed[last],
        "predicted": predicted[at] + move[at],
        "low": low + move[at],
        "high": high + move[at],
        "signed_error": float(np.mean(errors)),
        "are": float(np.mean(np.abs(errors))),
    }


def _at_odds(fit: Fit, loan: Loan, params: float) -> dict[str, Any]:
    """A lender that ascribes more of the loss to size than this run can come down from."""
    inputs: dict[str, Any] = dict.fromkeys(fit.law.inputs, np.inf) | {"params": params}
    with np.errstate(all="ignore"):
        floor = float(np.ravel(fit.predict(**inputs))[0])
    if fit.status != "converged" or not floor < loan.term(params):
        return {}
    why = f"with {loan.family}'s size term, the loss of an infinite model would be negative"
    return {"status": "lender_at_odds", "reason": why}
