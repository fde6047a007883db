"""Records: what was found, checked and put under its names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, UnknownName

from ..law import Array, Columns, Law
from .coordinates import Coordinates
from .data import Table
from .fitted import Estimate, Fit, Status
from .search import Objective, Solution, losses, reported
from .uncertainty import FLAT, Evidence

STATIONARY = 1e-4
"""Largest cosine between influence and a column of the Jacobian at a minimum."""
SADDLE, LEVEL = -1e-9, 1e-12
"""Least curvature of a minimum, up to rounding, and of one that is a point rather than a line."""


@dataclass(frozen=True)
class Options:
    """What was asked of a fit; see `fit`."""

    objective: Objective
    delta: float
    starts: int
    seed: int
    level: float

    def __post_init__(self) -> None:
        if self.objective not in get_args(Objective):
            raise UnknownName("objective", str(self.objective), get_args(Objective))
        for name, good, allowed in (
            ("delta", 0 < self.delta < np.inf, "positive"),
            ("starts", self.starts >= 1, "at least 1"),
            ("level", 0 < self.level < 1, "between 0 and 1"),
        ):
            if not good:
                raise Misuse(f"{name} is {getattr(self, name)}; it must be {allowed}")


@dataclass(frozen=True)
class Solved:
    """A chunk: solution, evidence, coefficients (problems, c) and covariance (problems, c, c) in the data's units."""

    found: Solution
    evidence: Evidence
    values: Array
    covariance: Array


def empty(law: Law, options: Options, table: Table, reason: str) -> Fit:
    """A fit without coefficients, and why there are none."""
    nothing = Estimate(np.nan, np.nan, np.nan, np.nan)
    p = len(law.coefficients)
    return Fit(
        law=law,
        objective=options.objective,
        delta=options.delta,
        level=options.level,
        value=np.nan,
        coefficients=dict.fromkeys(law.coefficients, nothing),
        covariance=np.full((p, p), np.nan),
        status="too_few_points",
        reason=reason,
        starts=options.starts,
        starts_agreeing=0,
        gradient_norm=np.nan,
        condition=np.nan,
        at_bound=(),
        noise=np.nan,
        n_points=table.n_points,
        seconds=0.0,
        warnings=table.warnings,
    )


def read_off(blank: Fit, data: Columns, table: Table) -> Fit:
    """A law in closed form: no starts, no uncertainty."""
    assert blank.law.estimate is not None
    seen = table.weight > 0
    values = blank.law.estimate({name: np.asarray(c)[seen] for name, c in data.items()})
    coefficients = {name: Estimate(v, np.nan, np.nan, np.nan) for name, v in values.items()}
    loss = losses(blank.objective, blank.delta)[-1]
    f = np.broadcast_to(blank.law.predict(*np.exp(table.logs), **values), table.target.shape)
    r, _, total = loss.parts(f[None], table.target[None], table.weight[None])
    size = np.sum(table.weight * np.abs(r), axis=1)
    value = float(reported(blank.objective, total, size, table.weight.sum(keepdims=True))[0])
    return replace(blank, coefficients=coefficients, value=value, status="converged", starts=0)


def record(blank: Fit, coordinates: Coordinates, table: Table, solved: Solved, row: int) -> Fit:
    """Fill a fit from one row of a solved chunk."""
    found, evidence, values = solved.found, solved.evidence, solved.values
    held = tuple(name for name, at in zip(coordinates.free, evidence.held[row], strict=True) if at)
    status, reason = _verdict(blank, coordinates, table, solved, row)
    names = list(blank.law.coefficients)
    covariance = np.array(solved.covariance[row])
    blind = [k for k, name in enumerate(names) if status != "converged" or name in held]
    covariance[blind, :] = covariance[:, blind] = np.nan
    z = NormalDist().inv_cdf(0.5 + 0.5 * blank.level)
    reached = reported(blank.objective, evidence.value, evidence.size, np.asarray(table.weight.sum()))
    return replace(
        blank,
        value=float(reached[row]),
        coefficients={
            name: _estimate(blank.law, name, float(values[row, k]), float(covariance[k, k]), z)
            for k, name in enumerate(names)
        },
        covariance=covariance,
        status=status,
        reason=reason,
        starts_agreeing=int(found.agreeing[row]),
        gradient_norm=float(evidence.gradient_norm[row]),
        condition=float(evidence.condition[row]),
        at_bound=held,
        noise=float(evidence.noise[row]),
    )


def _estimate(law: Law, name: str, value: float, variance: float, z: float) -> Estimate:
    """Interval of a coefficient; a level that carries units is positive, so its interval is taken in logarithms."""
    se = float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else np.nan
    coefficient = law.coefficients[name]
    if value > 0 and coefficient.low >= 0 and (coefficient.dims or coefficient.log):
        factor = float(np.exp(min(z * se / value, 700.0)))
        return Estimate(value, se, value / factor, value * factor)
    return Estimate(value, se, value - z * se, value + z * se)


def doubtful(found: Solution, evidence: Evidence, starts: int) -> NDArray[np.bool_]:
    """Which solutions are not verified as a minimum on which starts agree, shape (problems,)."""
    agreed = found.agreeing > starts // 4
    still = (evidence.gradient_norm <= STATIONARY) & (evidence.curvature > SADDLE) & found.done
    unsure: NDArray[np.bool_] = ~(still & agreed & np.isfinite(evidence.value))
    return unsure


def _verdict(blank: Fit, coordinates: Coordinates, table: Table, solved: Solved, row: int) -> tuple[Status, str]:
    found, evidence = solved.found, solved.evidence
    if not np.isfinite(evidence.value[row]):
        return "did_not_converge", "the objective is not finite"
    if evidence.condition[row] > FLAT:
        share = evidence.flat[row]
        names = [n for n, s in zip(coordinates.free, share, strict=True) if s > 0.2 * share.max()]
        return "not_identified", f"the objective is flat along {', '.join(names)}{_why(blank.law, table)}"
    trouble = []
    if not found.done[row]:
        trouble.append("the search used up its steps")
    if evidence.gradient_norm[row] > STATIONARY or evidence.curvature[row] <= SADDLE:
        trouble.append(f"where it ended is no minimum (gradient norm {evidence.gradient_norm[row]:.1e})")
    if blank.starts > 1 and found.agreeing[row] < 2:
        trouble.append(f"only {found.agreeing[row]} of {blank.starts} starts reached the best objective")
    elif evidence.curvature[row] <= LEVEL and not trouble:
        return "not_identified", "the minima form a line: too few points within delta of the law to tell them apart"
    if not trouble and not (pair := _exchangeable(coordinates, table)):
        return "converged", ""
    if not trouble:
        return "not_identified", f"{pair[0]} and {pair[1]} may change places{_why(blank.law, table)}"
    why = _why(blank.law, table)
    return "not_identified" if why else "did_not_converge", "; ".join(trouble) + why


def _exchangeable(coordinates: Coordinates, table: Table) -> tuple[str, ...]:
    """Levels of two terms whose inputs are in proportion, so that the terms may change places; none as a rule."""
    law, logs = coordinates.law, table.logs[:, table.weight > 0]
    levels = [(name, law.coefficients[name].dims) for name in coordinates.free]
    alone = [(name, law.inputs.index(next(iter(dims)))) for name, dims in levels if len(dims) == 1]
    for k, (first, i) in enumerate(alone):
        for second, j in alone[k + 1 :]:
            if i != j and np.ptp(logs[i] - logs[j]) <= 1e-9 < np.ptp(logs[i]):
                return first, second
    return ()


def _why(law: Law, table: Table) -> str:
    """What about the inputs leaves a direction flat, as far as it can be told from them."""
    logs = table.logs[:, table.weight > 0]
    told = []
    for name, column in zip(law.inputs, logs, strict=True):
        distinct = len(np.unique(column))
        if distinct <= 3:
            told.append(f"{name} takes {distinct} value{'s' * (distinct > 1)} only")
    spread = logs[logs.std(axis=1) > 1e-12]
    names = [name for name, column in zip(law.inputs, logs, strict=True) if column.std() > 1e-12]
    for i, j in zip(*np.nonzero(np.triu(np.abs(np.atleast_2d(np.corrcoef(spread))) > 0.999, 1)), strict=True):
        told.append(f"{names[i]} and {names[j]} move together")
    return f" ({'; '.join(told)})" if told else ""
