"""A power law of compute, with what a bootstrap says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..engine.clusters import widening
from ..engine.fitted import Estimate
from ..engine.refits import too_few_draws
from ..law import Array


def _no_draws() -> Array:
    return np.empty((0, 2))


@dataclass(frozen=True)
class PowerLaw:
    r"""Optimal size or tokens: a line in logarithms, through the middle of the budgets that it rests on.

    .. math:: y = k C^e, \qquad \log y = h + e (\log C - c)

    Parameters
    ----------
    centre, height, slope : float
        :math:`c`, :math:`h` and :math:`e`; NaN where there is none.
    draws : array, shape (n, 2)
        Height and slope of every bootstrap draw.
    level : float
        Level of the intervals.
    runs : int, optional
        Runs that were redrawn: percentiles of few are widened, see `engine.clusters.widening`.

    Examples
    --------
    >>> PowerLaw.of(0.0216, 0.514).predict(5.62e20).round(-7).item()
    1000000000.0
    """

    centre: float
    height: float
    slope: float
    draws: Array = field(default_factory=_no_draws, repr=False, compare=False)
    level: float = 0.95
    runs: int | None = None

    @classmethod
    def of(cls, k: float, exponent: float) -> PowerLaw:
        """The law with these coefficients, known without error."""
        return cls(0.0, float(np.log(k)), exponent)

    @property
    def coefficient(self) -> Estimate:
        """:math:`k`, the value at 1 FLOP: meaningful only together with the exponent."""
        with np.errstate(over="ignore"):
            k = np.exp(self.height - self.slope * self.centre)
            drawn = np.exp(self.draws[:, 0] - self.draws[:, 1] * self.centre)
        return self._summary(float(k), drawn, log=True)

    @property
    def exponent(self) -> Estimate:
        """:math:`e`."""
        return self._summary(self.slope, self.draws[:, 1], log=False)

    def predict(self, flops: ArrayLike) -> Array:
        """Value at training compute C, of any shape, in FLOP."""
        away = np.log(np.asarray(flops, float)) - self.centre
        return np.asarray(np.exp(self.height + self.slope * away))

    def interval(self, flops: ArrayLike, level: float | None = None) -> tuple[Array, Array]:
        """Lower and upper end of the percentile interval at C; NaN without a bootstrap."""
        level = self.level if level is None else level
        away = np.log(np.asarray(flops, float)) - self.centre
        if too_few_draws(len(self.draws), level):
            return away * np.nan, away * np.nan
        drawn = self.draws[:, 0].reshape(-1, *[1] * away.ndim) + np.multiply.outer(self.draws[:, 1], away)
        low, high = _ends(self.height + self.slope * away, drawn, level, self.runs)
        return np.exp(low), np.exp(high)

    def at(self, flops: float) -> Estimate:
        """Value, standard error and interval at one budget."""
        drawn = np.exp(self.draws[:, 0] + self.draws[:, 1] * (np.log(flops) - self.centre))
        return self._summary(float(self.predict(flops)), drawn, log=True)

    def _summary(self, value: float, drawn: Array, *, log: bool) -> Estimate:
        """Value, standard error and interval, which is widened in logarithms or not."""
        if len(drawn) < 2 or not np.isfinite(drawn).all():
            return Estimate(value, np.nan, np.nan, np.nan)
        error = float(drawn.std(ddof=1))
        if too_few_draws(len(drawn), self.level):
            return Estimate(value, error, np.nan, np.nan)
        if not log:
            low, high = _ends(value, drawn, self.level, self.runs)
        else:
            with np.errstate(all="ignore"):  # a coefficient at 1 FLOP may be beyond what a number can hold
                low, high = np.exp(_ends(np.log(value), np.log(drawn), self.level, self.runs))
        return Estimate(value, error, float(low), float(high))

    def flops_for(self, value: float) -> float:
        """Training compute at which the optimum is `value`."""
        return float(np.exp(self.centre + (np.log(value) - self.height) / self.slope))


def _ends(value: Array | float, drawn: Array, level: float, runs: int | None) -> Array:
    """Percentiles of draws, moved away from the value where runs are few."""
    ends = np.quantile(drawn, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    moved: Array = value + widening(level, runs) * (ends - value)
    return moved


def lines(log_flops: Array, log_values: Array, centre: float) -> Array:
    """Ordinary least squares of one or many sets of points.

    Parameters
    ----------
    log_flops : array, shape (budgets,)
    log_values : array, shape (sets, budgets)
        NaN where a set has no point.
    centre : float
        Where heights are given.

    Returns
    -------
    array, shape (sets, 2)
        Height and slope; NaN where a set has fewer than two budgets.
    """
    seen = np.isfinite(log_values)
    count = seen.sum(axis=1)
    x = np.where(seen, log_flops, 0.0)
    y = np.where(seen, log_values, 0.0)
    with np.errstate(all="ignore"):
        mean_x, mean_y = x.sum(axis=1) / count, y.sum(axis=1) / count
        away = np.where(seen, log_flops - mean_x[:, None], 0.0)
        slope = (away * y).sum(axis=1) / (away**2).sum(axis=1)
    found: Array = np.column_stack([mean_y + slope * (centre - mean_x), slope])
    found[(count < 2) | ~np.isfinite(found).all(axis=1)] = np.nan
    return found


def as_dict(estimate: Estimate) -> dict[str, Any]:
    """The keys of a coefficient in JSON."""
    return {"value": estimate.value, "se": estimate.se, "low": estimate.low, "high": estimate.high}
