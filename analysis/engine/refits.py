"""Refits of resampled data, and the intervals that they give."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse

from ..law import Array
from .clusters import LEAST, widening
from .fitted import known_level

TAIL = 4
"""Draws that must lie beyond each end of a percentile interval. An end of a 95 % interval of 160 draws then leaves
1.3 to 3.7 % outside, two times of three, where it should leave 2.5 %."""
MOST_FAILED = 0.2
"""Intervals from draws of which a larger share ended nowhere would be those of the lucky ones."""


@dataclass(frozen=True)
class Bootstrap:
    """Refits on resampled rows or clusters.

    Attributes
    ----------
    names : tuple of str
        Coefficients.
    values : array, shape (n, p)
        Coefficients of every refit, in the order of `names`.
    objective : array, shape (n,)
        Objective that every refit reached.
    converged : array of bool, shape (n,)
        The search ended; resamples that hold few sizes may leave coefficients open all the same.
    clusters : int or None
        Clusters that were drawn; None where rows were. Below four there are no errors and no intervals: all are NaN.
    centre : array, shape (p,)
        The coefficients that all refits started from.
    log : array of bool, shape (p,)
        Levels, whose intervals are widened in logarithms.
    """

    names: tuple[str, ...]
    values: Array
    objective: Array
    converged: NDArray[np.bool_]
    clusters: int | None
    centre: Array
    log: NDArray[np.bool_]

    @property
    def failed(self) -> int:
        """Refits whose search did not end."""
        return int((~self.converged).sum())

    @property
    def sure(self) -> Array:
        """Values of refits that converged; NaN where clusters are too few to tell anything, shape (refits, p)."""
        few = self.clusters is not None and self.clusters < LEAST
        return self.values[self.converged] * (np.nan if few else 1.0)

    def se(self) -> dict[str, float]:
        """Standard deviation by coefficient.

        Raises
        ------
        Misuse
            Fewer than two refits converged.
        """
        found = self.sure
        if len(found) < 2:
            raise Misuse(f"an error takes two refits that converged, and of {len(self.values)} {len(found)} did")
        return dict(zip(self.names, found.std(axis=0, ddof=1).tolist(), strict=True))

    def interval(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Percentile interval by coefficient, widened where clusters are few; see `engine.clusters.widening`.

        Raises
        ------
        Misuse
            The level is no share, or so few refits converged that the ends would rest on fewer than four of them.
        """
        found = self.sure
        if said := too_few_draws(len(found), level):
            raise Misuse(said)
        ends = np.quantile(found, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
        by = widening(level, self.clusters)
        with np.errstate(all="ignore"):  # of what is no level, logarithms are not used
            scaled = self.centre * (ends / self.centre) ** by
        ends = np.where(self.log, scaled, self.centre + by * (ends - self.centre))
        return {name: (float(ends[0, k]), float(ends[1, k])) for k, name in enumerate(self.names)}


def too_few_draws(draws: int, level: float) -> str:
    """Why so many draws have no percentile interval of this level, or nothing."""
    known_level(level)
    tail = 0.5 - 0.5 * level
    if draws * tail > TAIL - 1e-9:
        return ""
    wanted = math.ceil(TAIL / tail / (1 - MOST_FAILED) - 1e-6)
    return (
        f"no intervals: beyond each end of a {100 * level:g} % interval lie fewer than {TAIL} of {draws} refits;"
        f" ask for {wanted} or more"
    )
