"""What a fit returns: coefficients with names, how they were reached, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from scalebook.corpus.errors import Misuse

from ..law import Array, Law
from .clusters import Freedom, quantile
from .jet import Jet
from .search import Objective, is_log

Status = Literal["converged", "not_identified", "did_not_converge", "too_few_points", "bad_input"]


@dataclass(frozen=True)
class Estimate:
    """A coefficient's value, standard error and interval; NaN where the data do not determine it."""

    value: float
    se: float
    low: float
    high: float


@dataclass(frozen=True)
class Fit:
    """A law with its coefficients, or the reason there are none.

    Attributes
    ----------
    law : Law
        The law.
    objective, delta, level : str, float, float
        What was minimised, and the level of intervals.
    value : float
        The objective reached: a sum over points.
    coefficients : mapping of str to Estimate
        In the units of the data.
    covariance : array, shape (p, p)
        Sandwich covariance, in the order of `coefficients`: HC3 of independent points, CR2 of clusters.
    status, reason : str
        ``converged``, or what is wrong and why.
    starts, starts_agreeing : int
        Starts tried, and those that reached this objective.
    gradient_norm : float
        0 at a minimum, at most 1: the largest cosine between influence and a free column of the Jacobian.
    condition : float
        Condition number of the Jacobian with columns of length one, inputs centred.
    at_bound : tuple of str
        Coefficients at a bound.
    noise : float
        Robust standard deviation of the residuals, in the objective's scale (relative for logarithms).
    n_points : int
        Rows of positive weight.
    seconds : float
        Time taken, shared out over a batch.
    warnings : tuple of str
        Columns that look like another unit, starts of which few agree, intervals that are not to be had.
    clusters : int or None
        Clusters that the covariance allows for; None where points are taken as independent.
    freedom : Freedom or None
        How sure that covariance is, by coefficient; None where quantiles are the normal law's.
    interval_by : str
        What standard errors and intervals of coefficients rest on, in words.
    refits : int
        Refits that these rest on; 0 where they are the sandwich's, as those of predictions always are.
    """

    law: Law
    objective: Objective
    delta: float
    level: float
    value: float
    coefficients: Mapping[str, Estimate]
    covariance: Array
    status: Status
    reason: str
    starts: int
    starts_agreeing: int
    gradient_norm: float
    condition: float
    at_bound: tuple[str, ...]
    noise: float
    n_points: int
    seconds: float
    warnings: tuple[str, ...] = ()
    clusters: int | None = None
    freedom: Freedom | None = None
    interval_by: str = "none"
    refits: int = 0

    @property
    def values(self) -> dict[str, float]:
        """Coefficients by name."""
        return {name: e.value for name, e in self.coefficients.items()}

    def predict(self, **inputs: ArrayLike) -> Array:
        """Prediction at ``params=..., tokens=...``; columns that the law does not take give only their shape.

        Returns
        -------
        array
            In the unit of the law's target; NaN if there are no coefficients.
        """
        columns = self._columns(inputs)
        shape = np.broadcast_shapes(*(np.shape(c) for c in inputs.values()))
        return np.array(np.broadcast_to(self.law.predict(*columns, **self.values), shape), dtype=float)

    def interval(self, *, level: float | None = None, noise: bool = False, **inputs: ArrayLike) -> tuple[Array, Array]:
        """Lower and upper end of an interval at ``params=..., tokens=...``, by the delta method.

        Parameters
        ----------
        level : float, optional
            Confidence; that of the fit if not given.
        noise : bool
            Include the scatter of single runs about the law, not only the uncertainty of the law.
        """
        level = self.level if level is None else level
        known_level(level)
        centre, slopes = self._slopes(inputs)
        half = self._deviation(centre, slopes, noise) * quantile(level, self.degrees(slopes))
        if is_log(self.objective):
            return centre * np.exp(-half), centre * np.exp(half)
        return centre - half, centre + half

    def deviation(self, *, noise: bool = False, **inputs: ArrayLike) -> Array:
        """Standard deviation of a prediction at ``params=..., tokens=...``, by the delta method.

        Parameters
        ----------
        noise : bool
            Include the scatter of single runs about the law.

        Returns
        -------
        array
            In the objective's scale (relative for logarithms); NaN where there is no interval.
        """
        centre, slopes = self._slopes(inputs)
        spread = self._deviation(centre, slopes, noise)
        return np.where(np.isnan(self.degrees(slopes)), np.nan, spread)

    def degrees(self, slopes: Array) -> Array:
        """Degrees of freedom of Student's t for what has these derivatives in the coefficients, shape (p, ...)."""
        return np.full(slopes.shape[1:], np.inf) if self.freedom is None else self.freedom.degrees(slopes)

    @property
    def degrees_of_freedom(self) -> dict[str, float]:
        """Of every coefficient's interval; infinite for quantiles of the normal law, NaN where there is no interval."""
        return dict(zip(self.coefficients, self.degrees(np.eye(len(self.coefficients))).tolist(), strict=True))

    def _slopes(self, inputs: Mapping[str, ArrayLike]) -> tuple[Array, Array]:
        """Prediction, and its derivatives in the coefficients, shape (p, ...)."""
        columns = self._columns(inputs)
        seeds = {name: Jet.variable(value, k, 1) for k, (name, value) in enumerate(self.values.items())}
        jet = self.law.predict(*(Jet.constant(c, np.log(c), 1) for c in columns), **seeds)
        centre = self.predict(**inputs)
        slopes = np.zeros((len(seeds), *centre.shape))
        for k, d in jet.first.items():
            slopes[k] = d
        return centre, slopes

    def _deviation(self, centre: Array, slopes: Array, noise: bool) -> Array:
        known = np.where(np.isnan(self.covariance), 0.0, self.covariance)  # what is held at a bound does not vary
        variance = np.einsum("k...,kj,j...->...", slopes, known, slopes)
        if is_log(self.objective):
            variance = variance / centre**2
        found: Array = np.sqrt(variance + (self.noise**2 if noise else 0.0))
        return found * (np.nan if self.status != "converged" or self.law.estimate is not None else 1.0)

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook fit --json`` that the fit knows; None stands for NaN."""
        return {
            "law": self.law.name,
            "n_points": self.n_points,
            "objective": self.objective,
            "delta": self.delta,
            "value": _number(self.value),
            "coefficients": {
                name: {key: _number(getattr(e, key)) for key in ("value", "se", "low", "high")}
                for name, e in self.coefficients.items()
            },
            "status": self.status,
            "reason": self.reason,
            "starts": self.starts,
            "starts_agreeing": self.starts_agreeing,
            "gradient_norm": _number(self.gradient_norm),
            "condition": _number(self.condition),
            "at_bound": list(self.at_bound),
            "clusters": self.clusters,
            "degrees_of_freedom": None
            if self.freedom is None or self.refits
            else {name: _number(v) for name, v in self.degrees_of_freedom.items()},
            "interval": self.interval_by,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
        }

    def _columns(self, inputs: Mapping[str, ArrayLike]) -> list[Array]:
        missing = [name for name in self.law.inputs if name not in inputs]
        if missing:
            raise Misuse(f"{self.law.name} predicts from {', '.join(self.law.inputs)}; missing: {', '.join(missing)}")
        return [np.asarray(inputs[name], dtype=float) for name in self.law.inputs]


def known_level(level: float) -> None:
    """Refuse a level that is no share.

    Raises
    ------
    Misuse
        With what it must be.
    """
    if not isinstance(level, Real) or not 0 < level < 1:
        raise Misuse(f"level is {level!r}; it must be between 0 and 1")


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
