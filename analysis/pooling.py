"""Random-effects pooling over groups of related families, and control of false discoveries over many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .error import by_group

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """A ratio pooled over groups of related families, and how much the groups differ.

    Parameters
    ----------
    value, low, high : float
        Pooled ratio (a geometric mean) and its interval.
    tau2 : float
        Variance of the true log ratio between groups.
    i2 : float
        Share of the observed variance that is between groups and not scatter within them.
    p : float
        Two-sided: how often a ratio as far from 1 would come up if groups did not differ from 1 on average.
    groups : int
        Groups.
    """

    value: float
    low: float
    high: float
    tau2: float
    i2: float
    p: float
    groups: int


def pool(ratios: ArrayLike, groups: ArrayLike, *, level: float = 0.9) -> Pooled:
    """Pool ratios of errors over groups by a random-effects model of their logarithms.

    A group's effect is the mean log ratio of its families. Its variance is that of families within groups, pooled over
    all groups (a single family shows no scatter of its own), divided by its number of families. The interval and the
    p value are those of Hartung and Knapp, with a t distribution: groups are few [1]_.

    Parameters
    ----------
    ratios : array, shape (n,)
        One per family; those that are not finite and positive are left out.
    groups : array of str, shape (n,)
        Families with the same word share authors or data.
    level : float
        Coverage of the interval.

    Returns
    -------
    Pooled
        NaN where it cannot be known: everything without two groups, `tau2` and `i2` without a group of two families
        that differ.

    References
    ----------
    .. [1] IntHout, Ioannidis, Borm (2014), The Hartung-Knapp-Sidik-Jonkman method for random effects meta-analysis is
       straightforward and considerably outperforms the standard DerSimonian-Laird method.

    Examples
    --------
    >>> pooled = pool([0.5, 0.6, 0.4, 0.7, 0.5], ["a", "a", "b", "c", "d"])
    >>> round(pooled.value, 2), pooled.groups
    (0.53, 4)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.asarray(ratios, float))
    labels = np.asarray(groups, object)
    effects, names, families = by_group(logs, labels, statistic="mean")
    if len(effects) < 2:
        value = float(np.exp(effects[0])) if len(effects) else np.nan
        return Pooled(value, np.nan, np.nan, np.nan, np.nan, np.nan, len(effects))
    counts = np.array([np.sum((labels == name) & np.isfinite(logs)) for name in names])
    places = {name: k for k, name in enumerate(names)}
    scatter = sum((x - effects[places[g]]) ** 2 for x, g in zip(logs, labels, strict=True) if np.isfinite(x))
    free = families - len(names)
    if not free or scatter < 1e-12 * free:
        return _means(effects, level)
    return _random_effects(effects, scatter / free / counts, level)


def _random_effects(effects: Array, variances: Array, level: float) -> Pooled:
    """Pool by statsmodels."""
    from scipy.stats import t
    from statsmodels.stats.meta_analysis import combine_effects

    found = combine_effects(effects, variances, method_re="iterated", use_t=True, alpha=1 - level)
    mean, deviation = float(found.mean_effect_re), float(np.sqrt(found.var_hksj_re))
    free = len(effects) - 1
    half = float(t.ppf(0.5 + level / 2, free)) * deviation
    p = float(2 * t.sf(abs(mean) / deviation, free)) if deviation else float(mean == 0)
    value, low, high = (float(np.exp(x)) for x in (mean, mean - half, mean + half))
    cochran = float(np.sum((effects - np.average(effects, weights=1 / variances)) ** 2 / variances))
    i2 = max(0.0, 1 - free / cochran) if cochran else 0.0
    return Pooled(value, low, high, max(0.0, float(found.tau2)), i2, p, len(effects))


def _means(effects: Array, level: float) -> Pooled:
    """Without scatter within groups: the mean over groups by Student's t, heterogeneity unknown."""
    from scipy.stats import t

    free = len(effects) - 1
    mean, deviation = float(np.mean(effects)), float(np.std(effects, ddof=1) / np.sqrt(len(effects)))
    half = float(t.ppf(0.5 + level / 2, free)) * deviation
    p = float(2 * t.sf(abs(mean) / deviation, free)) if deviation else float(mean == 0)
    value, low, high = (float(np.exp(x)) for x in (mean, mean - half, mean + half))
    return Pooled(value, low, high, np.nan, np.nan, p, len(effects))


def false_discovery(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's q: the share of false discoveries if all as clear as this one are called.

    Parameters
    ----------
    p_values : sequence of float
        NaN stays NaN and is no comparison.

    References
    ----------
    Benjamini, Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> [round(q, 3) for q in false_discovery([0.01, float("nan"), 0.04, 0.5])]
    [0.03, nan, 0.06, 0.5]
    """
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p_values, float)
    known = np.isfinite(values)
    corrected = np.full(len(values), np.nan)
    if known.any():
        corrected[known] = multipletests(values[known], method="fdr_bh")[1]
    return [float(q) for q in corrected]
