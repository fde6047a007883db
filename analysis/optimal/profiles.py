"""IsoFLOP profiles: at one budget, the loss of every size.

Budgets are found in one of three ways. *Planned*: most points lie on budgets that four sizes or more share exactly.
*Interpolated*: runs have curves; budgets are laid evenly over the compute that four sizes reach. *Scattered*: single
points whose FLOPs lie within a factor of 1.25, as digitised ones do; their losses and tokens are moved to the budget.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..law import Array
from ..points import Mask, Points
from .curves import Curve, curves

LEAST_SIZES = 4
LEAST_PLANNED = 3
#: Budgets that curves are read at.
INTERPOLATED = 12
#: Points whose FLOPs are within this factor share a budget.
WINDOW = 1.25
#: Sizes within this factor are one.
CLOSE = 1.05


class Profile(NamedTuple):
    """One budget; logarithms, one value per size.

    Parameters
    ----------
    flops : float
        The budget.
    sizes, losses, tokens : array, shape (draws, sizes)
        From the data (first row) and from every redraw of runs; NaN where no run of that size was drawn.
    """

    flops: float
    sizes: Array
    losses: Array
    tokens: Array


class Cut(NamedTuple):
    """Points at one budget; logarithms, shape (n,); `off` is how far from it, `run` the place in `points.runs`."""

    flops: float
    size: Array
    loss: Array
    tokens: Array
    off: Array
    run: NDArray[np.intp]


def profiles(points: Points, drawn: NDArray[np.int64]) -> list[Profile]:
    """Profiles of all budgets at which four sizes or more can be compared, by budget.

    Parameters
    ----------
    drawn : array, shape (draws, runs)
        How often every run counts.
    """
    planned = _planned(points)
    if len(planned) >= LEAST_PLANNED and 2 * sum(np.count_nonzero(mask) for mask in planned) >= len(points):
        cuts = [_cut(points, mask) for mask in planned]
    elif len(known := curves(points)) and 2 * len(known) >= len(points.runs):
        cuts = _interpolated(known)
    else:
        cuts = _levelled([_cut(points, mask) for mask in _windows(points)])
    return [_profile(cut, drawn) for cut in sorted(cuts, key=lambda cut: cut.flops)]


def _levels(size: Array) -> NDArray[np.intp]:
    """Which size every point has, counted from 0: those within a factor of the smallest of their level are one."""
    starts = [-np.inf]
    for value in np.unique(size):
        if value > starts[-1] + np.log(CLOSE):
            starts.append(value)
    return np.searchsorted(starts[1:], size, side="right") - 1


def _several(size: Array) -> bool:
    return len(size) >= LEAST_SIZES and int(_levels(size).max()) + 1 >= LEAST_SIZES


def _planned(points: Points) -> list[Mask]:
    """Budgets that enough sizes share exactly."""
    flops, size = np.log(points["flops"]), np.log(points["params"])
    order = np.argsort(flops)
    label = np.empty(len(order), np.int64)
    label[order] = np.cumsum(np.diff(flops[order], prepend=flops[order[:1]]) > 1e-6)
    shared = np.flatnonzero(np.bincount(label) >= LEAST_SIZES)
    return [mask for mask in (label == k for k in shared) if _several(size[mask])]


def _windows(points: Points) -> list[Mask]:
    """Windows of FLOPs that hold most points, one after the other, none overlapping."""
    flops, size = np.log(points["flops"]), np.log(points["params"])
    left = np.argsort(flops, kind="stable")
    found: list[Mask] = []
    while _several(size[left]):
        ends = np.searchsorted(flops[left], flops[left] + np.log(WINDOW), side="right")
        member = _levels(size[left]) == np.arange(_levels(size[left]).max() + 1)[:, None]
        before = np.concatenate([np.zeros((len(member), 1), np.int64), np.cumsum(member, axis=1)], axis=1)
        several = (before[:, ends] > before[:, :-1]).sum(axis=0) >= LEAST_SIZES
        if not several.any():
            break
        first = int(np.argmax(np.where(several, ends - np.arange(len(left)), 0)))
        found.append(np.isin(np.arange(len(flops)), left[first : ends[first]]))
        left = np.delete(left, slice(first, ends[first]))
    return found


def _cut(points: Points, mask: Mask) -> Cut:
    size, loss, tokens, flops = (np.log(points[name][mask]) for name in ("params", "loss", "tokens", "flops"))
    budget = float(flops.mean())
    return Cut(budget, size, loss, tokens, flops - budget, points.run_index[mask])


def _interpolated(known: list[Curve]) -> list[Cut]:
    """Curves read at budgets laid evenly over the compute that enough sizes reach; of one size, the lowest curve."""
    size = np.log([curve.size for curve in known])
    grid = np.linspace(min(c.flops[0] for c in known), max(c.flops[-1] for c in known), 1000)
    there = np.array([(c.flops[0] <= grid) & (grid <= c.flops[-1]) for c in known])
    reached = [k for k in range(len(grid)) if there[:, k].sum() >= LEAST_SIZES and _several(size[there[:, k]])]
    if not reached:
        return []
    cuts = []
    for budget in np.linspace(grid[reached[0]], grid[reached[-1]], INTERPOLATED):
        read = [(size[k], *(float(v[0]) for v in c.at(np.array([budget]))), 0.0, c.run) for k, c in enumerate(known)]
        best: dict[float, tuple[Any, ...]] = {}
        for row in read:
            if np.isfinite(row[1]) and (row[0] not in best or row[1] < best[row[0]][1]):
                best[row[0]] = row
        if len(best) >= LEAST_SIZES and _several(np.array(list(best))):
            cuts.append(Cut(float(budget), *(np.array(column) for column in zip(*best.values(), strict=True))))
    return cuts


def _levelled(cuts: list[Cut]) -> list[Cut]:
    """Losses and tokens of scattered points, moved to the budget of their window.

    The loss is moved along one slope in log C for all windows: the common slope of what remains when a parabola in
    log N is taken out of each of them.
    """
    squares = products = 0.0
    for cut in cuts:
        design = np.vander(cut.size - cut.size.mean(), 3)
        columns = np.column_stack([cut.off, cut.loss])
        rest = columns - design @ np.linalg.lstsq(design, columns, rcond=None)[0]
        squares, products = squares + float(rest[:, 0] @ rest[:, 0]), products + float(rest[:, 0] @ rest[:, 1])
    slope = products / squares if squares > 0 else 0.0
    return [cut._replace(loss=cut.loss - slope * cut.off, tokens=cut.tokens - cut.off) for cut in cuts]


def _profile(cut: Cut, drawn: NDArray[np.int64]) -> Profile:
    """Means over the drawn runs of every size."""
    level = _levels(cut.size)
    member = (level[:, None] == np.arange(level.max() + 1)).astype(float)  # (n, sizes)
    weight = drawn[:, cut.run].astype(float)
    total = weight @ member
    with np.errstate(invalid="ignore"):
        means = [(weight * values) @ member / total for values in (cut.size, cut.loss, cut.tokens)]
    return Profile(cut.flops, *means)
