"""Fit: a law with its coefficients, or the reason there are none; one problem, or thousands at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import ArrayLike

from .law import Array, Columns, Law

Objective = Literal["lsq", "lsq-log", "huber", "huber-log", "lad-log"]
Status = Literal["converged", "not_identified", "did_not_converge", "too_few_points"]


@dataclass(frozen=True)
class Estimate:
    """A coefficient's value, standard error and interval; NaN where the data do not determine it."""

    value: float
    se: float
    low: float
    high: float


@dataclass(frozen=True)
class Fit:
    """A law with its coefficients, or the reason there are none."""

    law: Law
    objective: Objective
    delta: float
    level: float
    value: float
    coefficients: Mapping[str, Estimate]
    covariance: Array  # (p, p) in the order of `coefficients`
    status: Status
    reason: str
    starts: int
    starts_agreeing: int
    gradient_norm: float
    condition: float
    at_bound: tuple[str, ...]
    n_points: int
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, float]:
        """Coefficients by name."""
        return {name: e.value for name, e in self.coefficients.items()}

    def predict(self, **inputs: ArrayLike) -> Array:
        """Prediction of the law at ``params=..., tokens=...`` (columns that it does not take are ignored)."""
        raise NotImplementedError

    def interval(self, level: float | None = None, **inputs: ArrayLike) -> tuple[Array, Array]:
        """Lower and upper end of the law's interval at ``params=..., tokens=...`` (delta method)."""
        raise NotImplementedError

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook fit --json`` that the fit knows (`family`, `n_runs` are added by the caller)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Bootstrap:
    """Refits on resampled rows or runs."""

    names: tuple[str, ...]
    values: Array  # (n, p) in the order of `names`
    converged: Array  # (n,) bool

    def se(self) -> dict[str, float]:
        """Standard deviation by coefficient."""
        raise NotImplementedError

    def interval(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Percentile interval by coefficient."""
        raise NotImplementedError


def fit(
    law: Law,
    data: Columns,
    *,
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    starts: int = 8,
    seed: int = 0,
    level: float = 0.95,
) -> Fit:
    """Fit a law to one table."""
    raise NotImplementedError


def fit_batch(
    law: Law,
    problems: Sequence[Columns],
    *,
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    weights: Sequence[ArrayLike] | None = None,
    clusters: Sequence[ArrayLike] | None = None,
    starts: int = 8,
    seed: int = 0,
    level: float = 0.95,
    jobs: int = 1,
) -> list[Fit]:
    """Fit a law to many tables at once; an unusable table gives a row with a status, never an exception."""
    raise NotImplementedError


def bootstrap(
    law: Law,
    data: Columns,
    fit: Fit,
    n: int = 1000,
    *,
    clusters: ArrayLike | None = None,
    seed: int = 0,
    jobs: int = 1,
) -> Bootstrap:
    """Refit on resampled rows (or whole clusters), all as one batch, warm from the optimum."""
    raise NotImplementedError
