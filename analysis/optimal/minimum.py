"""Where the loss is least between sizes: Akima's curve through them, or a parabola near the best of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..law import Array

#: A parabola is fitted to the sizes within this factor of the best one: further out, the loss is none.
NEAR = 6.0
LEAST = 4


class Minimum(NamedTuple):
    """Minima of many curves.

    Parameters
    ----------
    x, y : array, shape (curves,)
        NaN where a curve has fewer than four points, or no minimum.
    inside : array of bool, shape (curves,)
        The minimum lies between the first and the last point.
    """

    x: Array
    y: Array
    inside: NDArray[np.bool_]


Minimise = Callable[[Array, Array], Minimum]


def akima(x: Array, y: Array) -> Minimum:
    """Exact minimum of Akima's interpolating curve [1]_, which follows its points without overshooting.

    Parameters
    ----------
    x, y : array, shape (curves, n)
        Points, ascending in x; NaN where a curve has none.

    References
    ----------
    .. [1] Akima (1970), A new method of interpolation and smooth curve fitting, Journal of the ACM 17.
    """
    best = Minimum(np.full(len(x), np.nan), np.full(len(x), np.nan), np.zeros(len(x), bool))
    there = np.isfinite(y)
    count = there.sum(axis=1)
    for n in np.unique(count[count >= LEAST]):
        rows = np.flatnonzero(count == n)
        mine = there[rows]
        for whole, part in zip(best, _akima(x[rows][mine].reshape(-1, n), y[rows][mine].reshape(-1, n)), strict=True):
            whole[rows] = part
    return best


def _akima(x: Array, y: Array) -> Minimum:
    """Minima of curves that all have n points."""
    rise, slope = akima_slopes(x, y)
    h = np.diff(x)
    c2 = (3 * rise - 2 * slope[:, :-1] - slope[:, 1:]) / h
    c3 = (slope[:, :-1] + slope[:, 1:] - 2 * rise) / h**2
    with np.errstate(all="ignore"):  # a piece without a turning point has no root
        root = np.sqrt(c2**2 - 3 * c3 * slope[:, :-1])
        q = -(c2 + np.where(c2 < 0, -root, root))
        at = np.stack([q / (3 * c3), slope[:, :-1] / q])  # the two roots of 3 c3 t^2 + 2 c2 t + slope
        value = y[:, :-1] + at * (slope[:, :-1] + at * (c2 + at * c3))
        value = np.where((at > 0) & (at < h), value, np.inf)
    turning = np.concatenate([x[:, :-1] + at[0], x[:, :-1] + at[1], x], axis=1)
    heights = np.concatenate([value[0], value[1], y], axis=1)
    k, rows = np.argmin(heights, axis=1), np.arange(len(x))
    found = turning[rows, k]
    return Minimum(found, heights[rows, k], (found > x[:, 0]) & (found < x[:, -1]))


def akima_slopes(x: Array, y: Array) -> tuple[Array, Array]:
    """Slopes between points, shape (curves, n - 1), and Akima's slopes at them, shape (curves, n)."""
    rise = np.diff(y) / np.diff(x)
    left = 2 * rise[:, :1] - rise[:, 1:2], 3 * rise[:, :1] - 2 * rise[:, 1:2]
    right = 2 * rise[:, -1:] - rise[:, -2:-1], 3 * rise[:, -1:] - 2 * rise[:, -2:-1]
    wide = np.concatenate([left[1], left[0], rise, right[0], right[1]], axis=1)
    bend = np.abs(np.diff(wide))
    before, after = bend[:, 2:], bend[:, :-2]
    total = before + after
    flat = total <= 1e-9 * total.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        weighted = (before * wide[:, 1:-2] + after * wide[:, 2:-1]) / total
    return rise, np.where(flat, 0.5 * (wide[:, 1:-2] + wide[:, 2:-1]), weighted)


def parabola(x: Array, y: Array) -> Minimum:
    """Vertex of the parabola through the points near the lowest one, by least squares.

    Parameters
    ----------
    x, y : array, shape (curves, n)
        Points, x being a logarithm; NaN where a curve has none.
    """
    there = np.isfinite(y)
    lowest = np.argmin(np.where(there, y, np.inf), axis=1)
    rows = np.arange(len(x))
    with np.errstate(invalid="ignore"):
        away = np.where(there, x - x[rows, lowest][:, None], np.inf)
    near = _nearest(np.abs(away))
    t = np.where(near, away, 0.0)
    design = np.stack([near * 1.0, t, t**2], axis=2)  # (curves, n, 3)
    level = np.where(there, y, 0.0)[rows, lowest]
    pull = np.einsum("rnk,rn->rk", design, np.where(near, y - level[:, None], 0.0))
    c = np.einsum("rjk,rk->rj", np.linalg.pinv(np.einsum("rnj,rnk->rjk", design, design), hermitian=True), pull)
    with np.errstate(all="ignore"):
        at = -c[:, 1] / (2 * c[:, 2])
    good = (near.sum(axis=1) >= LEAST) & (c[:, 2] > 0)
    ends = np.where(there, away, np.inf).min(axis=1), np.where(there, away, -np.inf).max(axis=1)
    at = np.where(good, np.clip(at, *ends), np.nan)
    return Minimum(
        x[rows, lowest] + at,
        level + c[:, 0] + at * (c[:, 1] + at * c[:, 2]),
        good & (at > ends[0]) & (at < ends[1]),
    )


def _nearest(away: Array) -> NDArray[np.bool_]:
    """Points within the factor `NEAR` of the lowest one, and at least the four nearest."""
    fourth = np.sort(away, axis=1)[:, LEAST - 1 : LEAST]
    if not fourth.size:
        return np.zeros_like(away, bool)
    near: NDArray[np.bool_] = np.isfinite(away) & (away <= np.maximum(fourth, np.log(NEAR) + 1e-9))
    return near
