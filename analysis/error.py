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
STATISTICS: Mapping[str, Callable[..., Any]] = {"median": np.nanmedian, "mean": np.nanmean}


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
    """Typical value over families, with a bootstrap interval that redraws whole groups of related families.

    Parameters
    ----------
    values : array, shape (n,)
        One value per family; values that are not finite are left out.
    groups : array of str, shape (n,)
        Families with the same word share authors or data and are drawn together.
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
    numbers, labels = np.asarray(values, float), np.asarray(groups, object)
    keep = np.isfinite(numbers)
    numbers, labels = numbers[keep], labels[keep]
    if not len(numbers):
        return Interval(np.nan, np.nan, np.nan, level, 0, 0)
    take = STATISTICS[statistic]
    names = sorted(set(labels))
    if len(names) == 1:
        return Interval(float(take(numbers)), -np.inf, np.inf, level, len(numbers), 1)
    widest = max(int(np.sum(labels == name)) for name in names)
    table = np.full((len(names), widest), np.nan)
    for row, name in enumerate(names):
        mine = numbers[labels == name]
        table[row, : len(mine)] = mine
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    typical = take(table[drawn].reshape(draws, -1), axis=1)
    low, high = np.quantile(typical, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(take(numbers)), float(low), float(high), level, len(numbers), len(names))
