"""Records: what was found, checked and put under its names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from statistics import NormalDist
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, UnknownName

from ..law import Array, Coefficient, Columns, Law
from .clusters import LEAST, quantile, too_few
from .coordinates import Coordinates
from .data import Table
from .fitted import Estimate, Fit, Status, known_level
from .search import Objective, Solution, is_log, losses, reported
from .uncertainty import ALONG, FLAT, Evidence, residual_noise

STATIONARY = 1e-4
"""Largest cosine between influence and a column of the Jacobian at a minimum."""
SADDLE, LEVEL = -1e-9, 1e-12
"""Least curvature of a minimum, up to rounding, and of one that is a point rather than a line."""
UNSEEN = 0.05
"""Chance of a minimum that was missed from which a fit warns; see `missed`."""
NEAR = 1.0
"""Inputs whose ratio varies by more than this, in logarithm, are not tried for terms that may change places."""
ALIKE = 2.7
"""Squared distance of predictions, in units of the noise, below which data do not tell two laws apart: chi-squared
with one degree of freedom exceeds it in one case of ten."""


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
        if not isinstance(self.delta, Real) or not 0 < self.delta < np.inf:
            raise Misuse(f"delta is {self.delta!r}; it must be positive")
        whole("starts", self.starts, 1)
        whole("seed", self.seed, 0)
        known_level(self.level)


def whole(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number, or too small a one.

    Raises
    ------
    Misuse
        With what it must be.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise Misuse(f"{name} is {value!r}; it must be a whole number, at least {least}")


def known_law(law: Law) -> None:
    """Refuse what is no law, such as the name of one.

    Raises
    ------
    Misuse
        With how to get one.
    """
    if not isinstance(law, Law):
        example = repr(law) if isinstance(law, str) else '"chinchilla"'
        raise Misuse(f"{law!r:.80} is no law: give scalebook.analysis.law.laws[{example}]")


@dataclass(frozen=True)
class Solved:
    """A chunk, in the data's units.

    Attributes
    ----------
    values : array, shape (problems, c)
        Coefficients.
    jacobian : array, shape (problems, c, p)
        Their derivatives in the coordinates; zero for those beyond what a number can hold.
    covariance : array, shape (problems, c, c)
        Of the coefficients.
    """

    found: Solution
    evidence: Evidence
    values: Array
    jacobian: Array
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
    """A law in closed form, or one whose coefficients are all given: no starts, no uncertainty."""
    law, seen = blank.law, table.weight > 0
    if law.estimate is None:
        values = {name: float(law.constraints[name]) for name in law.coefficients}
    else:
        values = dict(law.estimate({name: np.asarray(c)[seen] for name, c in data.items()}))
    coefficients = {name: Estimate(v, np.nan, np.nan, np.nan) for name, v in values.items()}
    loss = losses(blank.objective, blank.delta)[-1]
    with np.errstate(all="ignore"):  # far outside its range a law that was given may leave its domain
        f = np.broadcast_to(law.predict(*np.exp(table.logs), **values), table.target.shape)
        r, _, total = loss.parts(f[None], table.target[None], table.weight[None])
        size = np.sum(table.weight * np.abs(r), axis=1)
        value = float(reported(blank.objective, total, size, table.weight.sum(keepdims=True))[0])
    done = replace(blank, coefficients=coefficients, value=value, status="converged", starts=0)
    if law.estimate is not None:
        return done
    if not np.isfinite(value):
        return replace(done, status="did_not_converge", reason="with these coefficients the objective is not finite")
    given = "none: every coefficient is given"
    return replace(done, noise=float(residual_noise(r, table.weight[None], 1)[0]), interval_by=given)


def record(blank: Fit, coordinates: Coordinates, table: Table, solved: Solved, row: int) -> Fit:
    """Fill a fit from one row of a solved chunk."""
    found, evidence, values = solved.found, solved.evidence, solved.values
    held = tuple(name for name, at in zip(coordinates.free, evidence.held[row], strict=True) if at)
    status, reason = _verdict(blank, coordinates, table, solved, row)
    names = list(blank.law.coefficients)
    covariance = np.array(solved.covariance[row])
    blind = [k for k, name in enumerate(names) if status != "converged" or name in held]
    covariance[blind, :] = covariance[:, blind] = np.nan
    reached = reported(blank.objective, evidence.value, evidence.size, np.asarray(table.weight.sum()))
    freedom = evidence.freedom[row]
    whole = replace(
        blank,
        value=float(reached[row]),
        coefficients=dict(zip(names, (Estimate(float(v), *[np.nan] * 3) for v in values[row]), strict=True)),
        covariance=covariance,
        status=status,
        reason=reason,
        starts_agreeing=int(found.agreeing[row]),
        gradient_norm=float(evidence.gradient_norm[row]),
        condition=float(evidence.condition[row]),
        at_bound=held,
        noise=float(evidence.noise[row]),
        clusters=count_clusters(table),
    )
    if status != "converged":
        return whole
    freedom = None if freedom is None else freedom.through(solved.jacobian[row])
    return _with_intervals(replace(whole, freedom=freedom, interval_by=_interval_by(table, freedom is None)))


def count_clusters(table: Table) -> int | None:
    """Clusters that have weight."""
    return None if table.clusters is None else int(np.count_nonzero(np.bincount(table.clusters, table.weight)))


def _interval_by(table: Table, sure: bool) -> str:
    if table.clusters is None:
        return "HC3 sandwich of independent points, normal quantiles"
    if sure:
        return "CR1 sandwich of clusters, normal quantiles"
    return "CR2 sandwich of clusters, Student's t with degrees of freedom after Bell and McCaffrey"


def _with_intervals(fit: Fit) -> Fit:
    """Standard errors and intervals, and warnings of those that are not to be had and of starts that do not agree."""
    if fit.freedom is None:
        widths = dict.fromkeys(fit.coefficients, NormalDist().inv_cdf(0.5 + 0.5 * fit.level))
    else:
        degrees = np.array([*fit.degrees_of_freedom.values()])
        widths = dict(zip(fit.coefficients, quantile(fit.level, degrees).tolist(), strict=True))
    variances = dict(zip(widths, np.diag(fit.covariance).tolist(), strict=True))
    coefficients = {n: _estimate(fit.law, n, e.value, variances[n], widths[n]) for n, e in fit.coefficients.items()}
    warnings = [*fit.warnings, *_unsearched(fit)]
    hidden = [name for name, width in widths.items() if math.isnan(width)]
    if hidden and fit.clusters is not None and fit.clusters < LEAST:
        warnings.append(too_few(fit.clusters))
    elif hidden:
        warnings.append(f"no interval for {', '.join(hidden)}: some of it is known from a single cluster alone")
    open_ = [n for n, e in coefficients.items() if math.isnan(e.low) and n not in (*hidden, *fit.at_bound)]
    if open_:
        warnings.append(f"no interval for {', '.join(open_)}: it would span more than numbers can hold")
    return replace(fit, coefficients=coefficients, warnings=tuple(warnings))


def missed(starts: int, agreeing: int) -> float:
    """Chance that so many starts all miss a minimum that is as easy to reach as the one on which some agree."""
    return 1.0 if agreeing < 1 else float((1 - min(agreeing / starts, 1.0)) ** starts)


def _unsearched(fit: Fit) -> list[str]:
    chance = missed(fit.starts, fit.starts_agreeing)
    if chance <= UNSEEN:
        return []
    return [
        f"only {fit.starts_agreeing} of {fit.starts} starts reached this objective: a lower one that is as easy to"
        f" reach would be missed with a chance of {100 * chance:.0f} %"
    ]


def is_level(coefficient: Coefficient, value: float) -> bool:
    """Whether a coefficient's interval is taken in logarithms: it carries units, or is a scale, and is positive."""
    return value > 0 and coefficient.low >= 0 and bool(coefficient.dims or coefficient.log)


def _estimate(law: Law, name: str, value: float, variance: float, width: float) -> Estimate:
    """Interval of a coefficient; a level that carries units is positive, so its interval is taken in logarithms."""
    se = math.sqrt(max(variance, 0.0)) if math.isfinite(variance * width) else math.nan
    if is_level(law.coefficients[name], value):
        factor = math.exp(min(width * se / value, 709.0))
        low, high = value / factor, value * factor
        return Estimate(value, se, low, high) if math.isfinite(high) else Estimate(value, se, math.nan, math.nan)
    return Estimate(value, se, value - width * se, value + width * se)


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
    values = dict(zip(blank.law.coefficients, solved.values[row].tolist(), strict=True))
    if huge := [f"{n} ({v:g})" for n, v in values.items() if not np.isfinite(v)]:
        return "not_identified", f"beyond what a number can hold: {', '.join(huge)}{_why(blank.law, table)}"
    if evidence.condition[row] > FLAT:
        share = evidence.flat[row]
        names = [n for n, s in zip(coordinates.free, share, strict=True) if s > ALONG * share.max()]
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
    noise = float(evidence.noise[row])
    if not trouble and not (pair := _exchangeable(coordinates, table, values, noise, log=is_log(blank.objective))):
        return "converged", ""
    if not trouble:
        return "not_identified", f"{pair[0]} and {pair[1]} may change places{_why(blank.law, table)}"
    why = _why(blank.law, table)
    return "not_identified" if why else "did_not_converge", "; ".join(trouble) + why


def _exchangeable(
    coordinates: Coordinates, table: Table, values: Mapping[str, float], noise: float, *, log: bool
) -> tuple[str, ...]:
    """Levels of two terms that may change places, as their inputs keep so nearly in proportion that no data tell."""
    law, seen = coordinates.law, table.weight > 0
    logs = table.logs[:, seen]
    levels = [(name, law.coefficients[name].dims) for name in coordinates.free]
    alone = [(name, law.inputs.index(next(iter(dims)))) for name, dims in levels if len(dims) == 1]
    for k, (first, i) in enumerate(alone):
        for second, j in alone[k + 1 :]:
            if i == j or np.ptp(logs[i] - logs[j]) > NEAR or np.ptp(logs[i]) <= 1e-9:
                continue
            places = np.array(logs)
            move = logs[i].mean() - logs[j].mean()
            places[i], places[j] = logs[j] + move, logs[i] - move
            here, there = (np.log(law.predict(*np.exp(at), **values)) for at in (logs, places))
            apart = float(np.sum(table.weight[seen] * (here - there) ** 2))
            relative = noise / (1.0 if log else float(np.median(table.target)))
            if np.ptp(logs[i] - logs[j]) <= 1e-9 or apart <= ALIKE * relative**2:
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
