"""Profile intervals: how far a coefficient may move before the best objective that is left rises too much."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from scalebook.corpus.errors import Misuse, UnknownName

from ..law import Columns
from .batch import solve_batch
from .clusters import quantile
from .data import Table, read
from .fitted import Fit, known_level
from .record import Options, is_level
from .search import losses, reported

NEAR = (0.25, 0.5, 1.0)
"""Standard errors from the optimum, to either side, at which the rise is compared with that of a parabola."""
FARTHEST = 1e6
"""Standard errors from the optimum at which the search for an end gives up."""
LARGEST = 1e300
"""No coefficient is held at more."""
FINE = 1e-3
"""Accuracy of an end, in standard errors."""
SAME = 1e-6
"""Data are those of a fit if its objective on them differs by less than this share."""


def profile_interval(
    fit: Fit,
    data: Columns,
    name: str,
    weights: ArrayLike | None,
    clusters: ArrayLike | None,
    level: float,
) -> tuple[float, float]:
    """Ends of the interval; see `profile`."""
    if name not in fit.coefficients:
        raise UnknownName("coefficient", name, fit.coefficients)
    known_level(level)
    estimate = fit.coefficients[name]
    if not estimate.se > 0:
        raise Misuse(f"{name} has no standard error to begin with: {fit.reason or 'it is held, at a bound or open'}")
    table = read(fit.law, data, weights, clusters)
    _refuse_others(fit, table)
    tied = _tied(fit, name)
    lowest = max(fit.law.coefficients[n].low for n in tied)
    highest = min(fit.law.coefficients[n].high for n in tied)
    log = is_level(fit.law.coefficients[name], estimate.value)
    centre = np.log(estimate.value) if log else estimate.value
    step = estimate.se / estimate.value if log else estimate.se
    options = Options(fit.objective, fit.delta, fit.starts, 0, fit.level)

    def rise(distance: float) -> float:
        """Root of the rise of the objective at so many standard errors from the optimum; it is nearly linear there."""
        at = centre + step * distance
        value = min(max(float(np.exp(at) if log else at), lowest), highest, LARGEST)  # a bound, but for rounding
        law = fit.law.constrain(**dict.fromkeys(tied, value))
        if law.free:
            best = next(solve_batch(law, [data], options, [weights], None, 1)).value
        else:
            best = _objective(fit, table, {**fit.values, **dict.fromkeys(tied, value)})
        return float(np.sqrt(max(best - fit.value, 0.0))) if np.isfinite(best) else 0.0

    with np.errstate(divide="ignore"):
        ends = np.log([lowest, min(highest, LARGEST)]) if log else np.array([lowest, highest])
    down, up = np.minimum(np.abs(ends - centre) / step, FARTHEST).tolist()
    near = [rise(d) / abs(d) for d in (*NEAR, *(-d for d in NEAR)) if -down <= d <= up]
    if not near:
        raise Misuse(f"{name} is within a fraction of a standard error of both its bounds, so that it has no profile")
    wanted = float(quantile(level, fit.degrees_of_freedom[name])) * float(np.sqrt(np.mean(np.square(near))))
    low = centre - step * _crossing(lambda d: rise(-d), down, wanted)
    high = centre + step * _crossing(rise, up, wanted)
    return (float(np.exp(low)), float(np.exp(high))) if log else (max(float(low), lowest), float(high))


def _tied(fit: Fit, name: str) -> tuple[str, ...]:
    """The coefficient and those that are always equal to it."""
    held = fit.law.constraints
    first = held.get(name, name)
    return (str(first), *(n for n, value in held.items() if value == first))


def _objective(fit: Fit, table: Table, values: Mapping[str, float]) -> float:
    """The objective of a fit at these coefficients."""
    f = np.broadcast_to(fit.law.predict(*np.exp(table.logs), **values), table.target.shape)
    r, _, total = losses(fit.objective, fit.delta)[-1].parts(f[None], table.target[None], table.weight[None])
    size = np.sum(table.weight * np.abs(r), axis=1)
    return float(reported(fit.objective, total, size, table.weight.sum(keepdims=True))[0])


def _refuse_others(fit: Fit, table: Table) -> None:
    """Refuse data at which the coefficients of the fit do not have the objective that it reports."""
    value = _objective(fit, table, fit.values)
    rounding = 1e-12 * float(table.weight.sum())
    if not abs(value - fit.value) <= SAME * abs(fit.value) + rounding:
        raise Misuse(
            f"the fit has an objective of {fit.value:.6g} and these data one of {value:.6g}:"
            " give the data and the weights that it was made with"
        )


def _crossing(rise: Callable[[float], float], most: float, wanted: float) -> float:
    """Distance at which the root of the rise reaches what is wanted; infinite if it does not before the bound."""
    from scipy.optimize import brentq

    inside, outside = 0.0, min(1.0, most)
    while rise(outside) < wanted:
        if outside >= most:
            return np.inf
        inside, outside = outside, min(1.5 * outside, most)
    return float(brentq(lambda d: rise(d) - wanted if d else -wanted, inside, outside, xtol=FINE))
