"""Profile intervals: how far a coefficient may move before the best objective that is left rises too much."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from scalebook.corpus.errors import Misuse, UnknownName

from ..law import Array, Columns
from .batch import solve_batch
from .clusters import quantile
from .fitted import Fit
from .record import Options

REACH = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 7.0)
"""Standard errors from the optimum at which the profile is computed, to either side."""


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
    estimate = fit.coefficients[name]
    if not estimate.se > 0:
        raise Misuse(f"{name} has no standard error to begin with: {fit.reason or 'it is held, at a bound or open'}")
    coefficient = fit.law.coefficients[name]
    log = estimate.value > 0 and coefficient.low >= 0 and bool(coefficient.dims or coefficient.log)
    centre = np.log(estimate.value) if log else estimate.value
    step = estimate.se / estimate.value if log else estimate.se
    options = Options(fit.objective, fit.delta, fit.starts, 0, fit.level)

    def rise(at: float) -> float:
        held = float(np.exp(at) if log else at)
        if not coefficient.allows(held):
            return np.inf
        law = fit.law.constrain(**{name: held})
        return next(solve_batch(law, [data], options, [weights], [clusters], 1)).value - fit.value

    sides = [np.array([rise(centre + sign * step * reach) for reach in REACH]) for sign in (-1.0, 1.0)]
    near = REACH.index(1.0)
    curvature = np.mean([s[: near + 1] / np.square(REACH[: near + 1]) for s in sides])
    wanted = float(quantile(level, fit.degrees_of_freedom[name])) * float(np.sqrt(curvature))
    low, high = (sign * step * _crossing(s, wanted) + centre for sign, s in zip((-1.0, 1.0), sides, strict=True))
    return (float(np.exp(low)), float(np.exp(high))) if log else (float(low), float(high))


def _crossing(rise: Array, wanted: float) -> float:
    """Where the root of the rise, nearly linear in the distance, reaches what is wanted; infinite if it never does."""
    root = np.maximum.accumulate(np.sqrt(np.maximum(np.nan_to_num(rise, nan=0.0, posinf=1e300), 0.0)))
    if root[-1] < wanted:
        return np.inf
    return float(np.interp(wanted, np.r_[0.0, root], np.r_[0.0, REACH]))
