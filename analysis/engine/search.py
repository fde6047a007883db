"""The engine: squares first, then the objective itself, from several starts; verified at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..law import Array
from .coordinates import Coordinates
from .data import Table, pack, width
from .objective import Loss, Problems
from .solver import Method, Rows, minimise
from .starts import choose

Objective = Literal["lsq", "lsq-log", "huber", "huber-log", "lad-log"]

THINNED = 128
"""Points on which starts are compared when a table has many more."""
AGREE = 1e-6
"""Starts agree when their objectives differ by less than this share."""
_SQUARES = Method(exact=False, tolerance=1e-3, damping=1e-2, ease=0.2)
_ROUGH = Method(exact=True, tolerance=1e-5, limit=40)
EXACT = Method(exact=True, tolerance=1e-13, limit=200)
LAD_DELTAS = (1e-3, 1e-4, 1e-5, 1e-6)
"""Least absolute deviations is the limit of Huber's loss divided by delta: it is followed down to the last of these,
where the sum of absolute residuals is within p * delta / 2 of its minimum (a relative 1e-6 on usual data)."""


def losses(objective: Objective, delta: float) -> tuple[Loss, ...]:
    """The losses that are minimised one after the other; the last one counts."""
    log = objective.endswith("log")
    if objective.startswith("lsq"):
        return (Loss(log),)
    return tuple(Loss(log, d) for d in (LAD_DELTAS if objective == "lad-log" else (delta,)))


@dataclass(frozen=True)
class Solution:
    """Best coordinates of every problem.

    Attributes
    ----------
    x : array, shape (problems, p)
    done : array of bool, shape (problems,)
    agreeing : array of int, shape (problems,)
        Starts that reached the best objective.
    """

    x: Array
    done: NDArray[np.bool_]
    agreeing: NDArray[np.int64]

    @classmethod
    def blank(cls, count: int, p: int) -> Solution:
        """Room for the solutions of `count` problems."""
        return cls(np.zeros((count, p)), np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64))

    def put(self, rows: Rows, x: Array, done: NDArray[np.bool_], agreeing: NDArray[np.int64]) -> None:
        """Enter the solutions of some problems."""
        self.x[rows], self.done[rows], self.agreeing[rows] = x, done, agreeing


def descend(
    coordinates: Coordinates, steps: Sequence[Loss], x: Array, problems: Problems, which: Rows, last: Method
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Minimise one loss after the other; return coordinates, values of the last loss and whether it was done."""
    for loss in steps[:-1]:
        x = minimise(coordinates, loss, x, problems, which, _ROUGH).x
    if len(steps) > 1:  # a corner smoothed over 1e-6 cannot be found to the last digit
        last = replace(last, tolerance=max(last.tolerance, 1e-10))
    state = minimise(coordinates, steps[-1], x, problems, which, last)
    return state.x, state.value, state.done


def search(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], starts: int, seed: int
) -> Solution:
    """Fit tables from several starts each.

    Every start is followed until it is plain which basin it is in, on an evenly thinned copy of a long table; the
    distinct basins are then finished on all rows.
    """
    found = Solution.blank(len(tables), len(coordinates.free))
    x = np.empty((len(tables), starts, len(coordinates.free)))
    value = np.empty((len(tables), starts))
    for size, some in by_width([min(len(t.target), THINNED) for t in tables]):
        here = [tables[int(k)] for k in some]
        x[some], value[some] = _from_starts(coordinates, steps, here, size, starts, seed)
    for size, some in by_width([max(len(t.target), THINNED) for t in tables]):
        here = [tables[int(k)] for k in some]
        found.put(some, *_finish(coordinates, steps, here, size, x[some], value[some]))
    return found


def by_width(lengths: Sequence[int]) -> list[tuple[int, Rows]]:
    """Tables that are padded to the same width, by their indices, widest first."""
    widths = np.array([width(n) for n in lengths], dtype=np.intp)
    return [(int(w), np.flatnonzero(widths == w)) for w in np.unique(widths)[::-1]]


def _from_starts(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], size: int, starts: int, seed: int
) -> tuple[Array, Array]:
    """Coordinates and objective from every start: (tables, starts, p) and (tables, starts)."""
    count = len(tables)
    problems = pack(coordinates, tables, size)
    which = np.repeat(np.arange(count), starts)
    x = choose(coordinates, steps[-1], problems, starts, seed).reshape(count * starts, -1)
    x = minimise(coordinates, Loss(steps[-1].log), x, problems, which, _SQUARES).x
    x, value, _ = descend(coordinates, steps, x, problems, which, _ROUGH)
    return x.reshape(count, starts, -1), value.reshape(count, starts)


def _agreeing(value: Array, best: Array) -> NDArray[np.int64]:
    """How many of the starts reached the best objective; noiseless data reach zero, up to rounding."""
    close: NDArray[np.int64] = (value <= best[:, None] * (1 + AGREE) + 1e-22).sum(axis=1)
    return close


def _finish(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], size: int, x: Array, value: Array
) -> tuple[Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Finish the distinct basins of every problem (at most three) on all its rows."""
    count, starts = value.shape
    order = np.argsort(value, axis=1, kind="stable")
    ranked = np.take_along_axis(value, order, axis=1)
    fresh = np.ones((count, starts), dtype=bool)
    fresh[:, 1:] = ranked[:, 1:] > ranked[:, :-1] * (1 + 1e-3) + 1e-22
    basin = np.cumsum(fresh, axis=1) - 1  # of each start, in the order of `order`
    heads = fresh & (basin < 3) & np.isfinite(ranked)
    heads[:, 0] = True
    which, place = np.nonzero(heads)
    problems = pack(coordinates, tables, size)
    first = x[which, order[which, place]]
    reached, values, finished = descend(coordinates, steps, first, problems, which, EXACT)
    full = np.full((count, 3), np.inf)
    full[which, basin[which, place]] = values
    winner = np.argmin(full, axis=1)
    chosen = np.zeros((count, 3), dtype=np.intp)
    chosen[which, basin[which, place]] = np.arange(len(which))
    rows = chosen[np.arange(count), winner]
    same = np.where(basin < 3, np.take_along_axis(full, np.minimum(basin, 2), axis=1), np.inf)
    return reached[rows], finished[rows], _agreeing(same, values[rows])
