"""Absolute relative error (ARE), and honest averages of it: families are the unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import UnknownName

Array = NDArray[np.float64]
Statistic = Literal["median", "mean"]
STATISTICS: Mapping[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean}


def relative_error(predicted: ArrayLike, observed: ArrayLike) -> Array:
    """Signed error as a share of what was observed; positive when the forecast was too high.

    Parameters
    ----------
    predicted, observed : array, shape (n,)
        Losses in one unit.

    Returns
    -------
    array, shape (n,)
        ``(predicted - observed) / observed``. Its absolute value is the ARE of Choshen et al. (2024), section 3.

    Examples
    --------
    >>> relative_error([2.1], [2.0]).round(3).tolist()
    [0.05]
    """
    seen = np.asarray(observed, float)
    error: Array = (np.asarray(predicted, float) - seen) / seen
    return error


@dataclass(frozen=True)
class Interval:
    """An estimate with the range that it may lie in.

    Parameters
    ----------
    value, low, high : float
        Estimate and ends of the interval.
    level : float
        Share of repetitions in which such an interval holds.
    families, groups : int
        What it rests on: families, and groups of families that share authors or data.
    """

    value: float
    low: float
    high: float
    level: float
    families: int
    groups: int


def over_families(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    statistic: Statistic = "median",
    level: float = 0.9,
    draws: int = 4000,
    seed: int = 0,
) -> Interval:
    """Typical value over groups of related families, with a bootstrap interval that redraws whole groups.

    Every group weighs the same, however many families it has: the statistic is taken within each group first, then
    over groups. Thirty variants of one suite do not outvote a laboratory that published one family.

    Parameters
    ----------
    values : array, shape (n,)
        One value per family; values that are not finite are left out.
    groups : array of str, shape (n,)
        Families with the same word share authors or data and make one group.
    statistic : {"median", "mean"}
        What is typical.
    level : float
        Coverage of the interval.
    draws, seed : int
        Bootstrap draws, and what they start from.

    Returns
    -------
    Interval
        All NaN when no value is finite; an infinite interval when there is a single group.

    References
    ----------
    Cameron, Gelbach, Miller (2008), Bootstrap-based improvements for inference with clustered errors.
    """
    if statistic not in STATISTICS:
        raise UnknownName("statistic", statistic, STATISTICS)
    take = STATISTICS[statistic]
    numbers, _, families = by_group(values, groups, statistic=statistic)
    if not len(numbers):
        return Interval(np.nan, np.nan, np.nan, level, 0, 0)
    if len(numbers) == 1:
        return Interval(float(numbers[0]), -np.inf, np.inf, level, families, 1)
    drawn = np.random.default_rng(seed).integers(len(numbers), size=(draws, len(numbers)))
    low, high = np.quantile(take(numbers[drawn], axis=1), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(take(numbers)), float(low), float(high), level, families, len(numbers))


def by_group(
    values: ArrayLike, groups: ArrayLike, *, statistic: Statistic = "median"
) -> tuple[Array, tuple[str, ...], int]:
    """Typical value within each group of related families.

    Parameters
    ----------
    values, groups, statistic
        As in `over_families`.

    Returns
    -------
    array, shape (g,)
        One value per group that has a finite one.
    tuple of str
        The groups, in alphabetical order.
    int
        Families with a finite value.

    Examples
    --------
    >>> by_group([0.1, 0.2, 0.6, 0.5], ["a", "a", "a", "b"])
    (array([0.2, 0.5]), ('a', 'b'), 4)
    """
    numbers, labels = np.asarray(values, float), np.asarray(groups, object)
    keep = np.isfinite(numbers)
    numbers, labels = numbers[keep], labels[keep]
    names = tuple(sorted(set(labels.tolist())))
    within = np.array([STATISTICS[statistic](numbers[labels == name]) for name in names])
    return within, names, len(numbers)
