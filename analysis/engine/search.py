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
from .solver import Method, Rows, State, minimise
from .starts import choose

Objective = Literal["lsq", "lsq-log", "huber", "huber-log", "lad-log", "likelihood"]

THINNED = 128
"""Points on which starts are compared when a table has many more."""
SHARE = 4
"""On every so-many-th point of a long table its basins are followed before all points are looked at."""
HEADS = 5
"""Places of a problem that are followed at once."""
HOPELESS = 1.002
"""Squares are not followed from places that are worse by more than this factor: they have few minima."""
SAME = 0.02
"""Starts are in one basin of squares when its quadratic form rises by less than this share between them."""
LEVEL = 1 + 1e-3
"""Where the form does not tell places apart, they are one when the objective differs by less than this factor."""
NO_RISE = 1e-9
AGREE = 1e-6
"""Starts agree when their objectives differ by less than this share."""
SQUARES = Method(exact=False, tolerance=1e-4, damping=1e-2, ease=0.2)
_BRIEF = replace(SQUARES, tolerance=1e-2)
_STAGE = Method(exact=True, tolerance=1e-5)
ROUGH = Method(exact=False, tolerance=1e-3, limit=40)
VALLEY = replace(SQUARES, tolerance=1e-12, limit=150)
EXACT = Method(exact=True, tolerance=1e-13, limit=120)
SOON = 15
"""Steps after which Newton's method is taken to creep."""
LAD_DELTAS = (1e-3, 1e-4, 1e-5, 1e-6)
"""Least absolute deviations is the limit of Huber's loss divided by delta: it is followed down to the last of these,
where the sum of absolute residuals is within p * delta / 2 of its minimum (a relative 1e-6 on usual data)."""


LAD = ("lad-log", "likelihood")
"""Objectives that absolute residuals minimise."""


def is_log(objective: Objective) -> bool:
    """Whether residuals are differences of logarithms."""
    return objective.endswith("log") or objective == "likelihood"


def reported(objective: Objective, value: Array, size: Array, weight: Array) -> Array:
    """The objective as a fit reports it, from the last loss, the sum of absolute residuals and that of weights.

    The likelihood is that of Laplace's density with a free scale b, whose best value is the mean absolute residual.
    Besiroglu's free-scale Huber density is this one but for the tip: their delta of 1e-3 is in units of the scale.

    References
    ----------
    .. [1] Besiroglu et al. (2024), Chinchilla Scaling: A replication attempt, arXiv:2404.10102, appendix.
    """
    if objective != "likelihood":
        return size if objective == "lad-log" else value
    with np.errstate(divide="ignore", invalid="ignore"):
        total: Array = weight * (1.0 + np.log(2.0 * size / weight))
    return total


def losses(objective: Objective, delta: float) -> tuple[Loss, ...]:
    """The losses that are minimised one after the other; the last one counts."""
    log = is_log(objective)
    if objective.startswith("lsq"):
        return (Loss(log),)
    return tuple(Loss(log, d) for d in (LAD_DELTAS if objective in LAD else (delta,)))


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

    def take(self, rows: Rows) -> Solution:
        """Those of some problems."""
        return Solution(self.x[rows], self.done[rows], self.agreeing[rows])

    def put(self, rows: Rows, x: Array, done: NDArray[np.bool_], agreeing: NDArray[np.int64]) -> None:
        """Enter the solutions of some problems."""
        self.x[rows], self.done[rows], self.agreeing[rows] = x, done, agreeing


def descend(
    coordinates: Coordinates, steps: Sequence[Loss], x: Array, problems: Problems, which: Rows, last: Method
) -> State:
    """Minimise one loss after the other; return where the last one ended.

    Where Newton's method is not done with squares soon, it creeps along a flat valley, for hundreds of steps. There a
    second derivative along the step takes tens, and gets further, before Newton's method ends the search.
    """
    for loss in steps[:-1]:
        x = minimise(coordinates, loss, x, problems, which, _STAGE).x
    if len(steps) > 1:  # a corner smoothed over 1e-6 cannot be found to the last digit
        last = replace(last, tolerance=max(last.tolerance, 1e-10))
    if not last.exact or steps[-1].delta < np.inf:
        return minimise(coordinates, steps[-1], x, problems, which, last)
    state = minimise(coordinates, steps[-1], x, problems, which, replace(last, limit=SOON))
    slow = np.flatnonzero(~state.done & np.isfinite(state.value))
    if len(slow):
        valley = minimise(coordinates, steps[-1], state.x[slow], problems, which[slow], VALLEY)
        again = minimise(coordinates, steps[-1], valley.x, problems, which[slow], last)
        state.x[slow], state.value[slow], state.done[slow] = again.x, again.value, again.done
        state.hessian[slow] = again.hessian
    return state


def search(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], starts: int, seed: int
) -> Solution:
    """Fit tables from several starts each.

    Starts are followed to a minimum of squares, on an evenly thinned copy of a long table; the basins found there are
    followed to one of the objective, and those that are still distinct are finished on all rows.
    """
    found = Solution.blank(len(tables), len(coordinates.free))
    heads = Heads.blank(len(tables), len(coordinates.free))
    for size, some in by_width([min(len(t.target), THINNED) for t in tables]):
        problems = pack(coordinates, [tables[int(k)] for k in some], size)
        drawn = choose(coordinates, steps[-1], problems, starts, seed)
        heads.put(some, _basins(coordinates, steps, problems, drawn))
    quarters = np.array([len(t.target) // SHARE for t in tables], dtype=np.intp)
    long = np.flatnonzero(quarters > THINNED)
    for size, among in by_width(quarters[long]):
        some = long[among]
        problems = pack(coordinates, [tables[int(k)] for k in some], size)
        heads.put(some, _follow(coordinates, steps, problems, heads.take(some), ROUGH))
    for size, some in by_width([max(len(t.target), THINNED) for t in tables]):
        problems = pack(coordinates, [tables[int(k)] for k in some], size)
        found.put(some, *best(_follow(coordinates, steps, problems, heads.take(some), EXACT)))
    return found


@dataclass(frozen=True)
class Heads:
    """Where the search of every problem stands: a few places, each with the number of starts that led there.

    Attributes
    ----------
    x : array, shape (problems, HEADS, p)
    value : array, shape (problems, HEADS)
        Infinite where there is none.
    votes : array of int, shape (problems, HEADS)
    done : array of bool, shape (problems, HEADS)
    """

    x: Array
    value: Array
    votes: NDArray[np.int64]
    done: NDArray[np.bool_]

    @classmethod
    def blank(cls, count: int, p: int) -> Heads:
        """No places yet."""
        return cls.of(count, HEADS, p)

    @classmethod
    def of(cls, count: int, heads: int, p: int) -> Heads:
        """Room for so many places of each problem."""
        shape = (count, heads)
        return cls(np.zeros((*shape, p)), np.full(shape, np.inf), np.zeros(shape, np.int64), np.zeros(shape, bool))

    def take(self, rows: Rows) -> Heads:
        """Those of some problems."""
        return Heads(self.x[rows], self.value[rows], self.votes[rows], self.done[rows])

    def put(self, rows: Rows, other: Heads) -> None:
        """Enter those of some problems."""
        self.x[rows], self.value[rows], self.votes[rows], self.done[rows] = (
            other.x,
            other.value,
            other.votes,
            other.done,
        )


def by_width(lengths: Sequence[int] | Rows) -> list[tuple[int, Rows]]:
    """Tables that are padded to the same width, by their indices, widest first."""
    widths = np.array([width(int(n)) for n in lengths], dtype=np.intp)
    return [(int(w), np.flatnonzero(widths == w)) for w in np.unique(widths)[::-1]]


def _basins(coordinates: Coordinates, steps: Sequence[Loss], problems: Problems, drawn: Array) -> Heads:
    """Follow every start to a minimum of the objective, by way of squares, and count the starts of each."""
    count, starts, p = drawn.shape
    which = np.repeat(np.arange(count), starts)
    squares = Loss(steps[-1].log)
    robust = steps[-1] != squares
    x = drawn.reshape(-1, p)
    if robust:
        by_way = np.tile(np.arange(starts) % 2 == 0, count)
        x = x.copy()
        x[by_way] = minimise(coordinates, squares, x[by_way], problems, which[by_way], _BRIEF).x
        state = descend(coordinates, steps, x, problems, which, ROUGH)
    else:
        state = minimise(coordinates, squares, x, problems, which, SQUARES)
    return _told_apart(
        state.x.reshape(count, starts, p),
        state.value.reshape(count, starts),
        state.hessian.reshape(count, starts, p, p),
        np.ones((count, starts), dtype=np.int64),
        robust=robust,
    )


def _told_apart(x: Array, value: Array, hessian: Array, votes: NDArray[np.int64], *, robust: bool) -> Heads:
    """One place, the lowest, for those between which the quadratic form of the objective hardly rises.

    A valley that data leave nearly flat bends, so that its form at one place does not tell of others: there places of
    the same objective are one, and so they are of squares, which have no two minima so much alike.

    Parameters
    ----------
    x, value, hessian, votes : array, shape (problems, places, ...)
    """
    count, places, p = x.shape
    heads, rows = Heads.blank(count, p), np.arange(count)
    order = np.argsort(value, axis=1, kind="stable")
    value = np.take_along_axis(value, order, axis=1)
    x = np.take_along_axis(x, order[:, :, None], axis=1)
    votes = np.take_along_axis(votes, order, axis=1)
    left = np.isfinite(value) & (robust | (value <= HOPELESS * value[:, :1] + 1e-22))
    left[:, 0] = True  # a problem without any finite start still gets an answer
    for slot in range(HEADS):
        first = np.argmax(left, axis=1)
        there = left.any(axis=1)
        if not there.any():
            break
        apart = x - x[rows, first][:, None]
        form = hessian[rows, order[rows, first]]
        rise = 0.5 * np.abs(((apart @ form) * apart).sum(axis=2))
        lowest = value[rows, first][:, None]
        close = rise <= SAME * lowest + 1e-22
        if slot == 0:
            level = _flat(form)[:, None] if robust else np.ones((count, 1), dtype=bool)
        along = level & (value <= LEVEL * lowest + 1e-22)
        same = left & (close | along | (np.arange(places) == first[:, None]))
        heads.x[:, slot], heads.votes[:, slot] = x[rows, first], (same * votes).sum(axis=1)
        heads.value[:, slot] = np.where(there, value[rows, first], np.inf)
        left &= ~same
    return heads


def _flat(form: Array) -> NDArray[np.bool_]:
    """Whether a quadratic form has a direction without any rise, shape (problems,)."""
    unit = 1.0 / np.sqrt(np.maximum(np.einsum("rkk->rk", form), 1e-300))
    eigenvalues = np.linalg.eigvalsh(np.nan_to_num(form * unit[:, :, None] * unit[:, None, :]))
    flat: NDArray[np.bool_] = eigenvalues[:, 0] <= NO_RISE * eigenvalues[:, -1]
    return flat


def _follow(coordinates: Coordinates, steps: Sequence[Loss], problems: Problems, heads: Heads, last: Method) -> Heads:
    """Minimise the objective from every place; one is kept of those that meet."""
    wanted = np.isfinite(heads.value)
    wanted[:, 0] = True
    which, slot = np.nonzero(wanted)
    state = descend(coordinates, steps, heads.x[which, slot], problems, which, last)
    new = replace(Heads.blank(*heads.x.shape[::2]), votes=heads.votes)
    new.x[which, slot], new.value[which, slot], new.done[which, slot] = state.x, state.value, state.done
    if last.exact:
        return new
    p = heads.x.shape[2]
    hessian = np.zeros((*wanted.shape, p, p))
    hessian[which, slot] = state.hessian
    return _told_apart(new.x, new.value, hessian, new.votes, robust=steps[-1].delta < np.inf)


def best(heads: Heads) -> tuple[Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Best place, whether it is a minimum, and the starts that led there; noiseless data reach zero, up to rounding."""
    lowest = heads.value.min(axis=1, keepdims=True)
    close = heads.value <= lowest * (1 + AGREE) + 1e-22
    chosen = np.argmax(close & (heads.done | ~(close & heads.done).any(axis=1, keepdims=True)), axis=1)
    rows = np.arange(len(chosen))
    return heads.x[rows, chosen], heads.done[rows, chosen], (heads.votes * close).sum(axis=1)
