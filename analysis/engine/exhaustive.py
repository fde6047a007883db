"""The slow way, for problems of which the fast search is not sure: every start is finished on all rows.

Flat valleys are tried from their ends instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..law import Array
from .coordinates import Coordinates
from .data import Table, pack
from .objective import Loss
from .search import EXACT, SQUARES, THINNED, Heads, Solution, best, by_width, descend
from .solver import minimise
from .starts import choose, project
from .uncertainty import ALONG

LONG = 20_000
"""Points of a table from which the slow way is not taken: there the fast one sees every start on a sample."""
_LAST = replace(EXACT, limit=300)
_SOON = replace(EXACT, limit=30)
_BRIDGE = replace(SQUARES, tolerance=1e-6)


def exhaust(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], starts: int, seed: int, known: Solution
) -> Solution:
    """Fit tables from every start and from what is known, each finished on all rows with more steps.

    Parameters
    ----------
    known : Solution
        Of the fast search: one more place to begin, without a vote.
    """
    found = Solution.blank(len(tables), len(coordinates.free))
    for size, some in by_width([max(len(t.target), THINNED) for t in tables]):
        here = [tables[int(k)] for k in some]
        thin = pack(coordinates, here, min(size, THINNED))
        drawn = choose(coordinates, steps[-1], thin, starts, seed)
        found.put(some, *best(_finish(coordinates, steps, here, size, drawn, known.x[some])))
    return found


def from_ends(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], known: Solution, flat: Array
) -> Solution:
    """Fit tables from the ends of the flat valley that they were found in: its lowest place is mostly one of them.

    Steps along a valley grow shorter as it bends, and hundreds do not reach its end. Where it ends is known, though: a
    coordinate that is not linear and runs along it is at a bound there, and the linear ones are solved for.

    Parameters
    ----------
    known : Solution
        Of the fast search: a place in each valley. It keeps its votes.
    flat : array, shape (tables, p)
        Part of each coordinate in the flat directions.
    """
    along = (flat > ALONG * flat.max(axis=1, keepdims=True)) & ~coordinates.linear
    rows, bent = np.nonzero(along)
    x = np.concatenate([known.x[rows]] * 2)
    x[np.arange(len(x)), np.tile(bent, 2)] = np.concatenate([coordinates.low[bent], coordinates.high[bent]])
    which = np.tile(rows, 2)
    there = np.isfinite(x).all(axis=1)
    x, which = x[there], which[there]
    found = Solution.blank(len(tables), x.shape[1])
    for size, some in by_width([len(t.target) for t in tables]):
        problems = pack(coordinates, [tables[int(k)] for k in some], size)
        mine = np.isin(which, some)
        own = np.searchsorted(some, which[mine])
        begun = project(coordinates, Loss(steps[-1].log), x[mine], problems.take(own))
        places = np.concatenate([known.x[some], begun])
        owners = np.concatenate([np.arange(len(some)), own])
        state = minimise(coordinates, steps[-1], places, problems, owners, _SOON)
        order = np.lexsort((state.value, owners))
        first = order[np.searchsorted(owners[order], np.arange(len(some)))]
        found.put(some, state.x[first], state.done[first], known.agreeing[some])
    return found


def _finish(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], size: int, drawn: Array, known: Array
) -> Heads:
    """Two ways from every start, straight and by way of squares; the better one counts."""
    count, starts, p = drawn.shape
    problems, rows = pack(coordinates, tables, size), np.arange(count)
    straight, which = drawn.reshape(count * starts, p), np.repeat(rows, starts)
    squares = minimise(coordinates, Loss(steps[-1].log), straight, problems, which, _BRIDGE).x
    x = np.concatenate([squares, straight, known])
    which = np.concatenate([which, which, rows])
    state = descend(coordinates, steps, x, problems, which, _LAST)
    heads = Heads.of(count, starts + 1, p)
    cut = count * starts
    second = (state.value[cut:-count] < state.value[:cut] * (1 - 1e-12)) | ~np.isfinite(state.value[:cut])
    taken = np.arange(cut) + np.where(second, cut, 0)
    for name, found in (("x", state.x), ("value", state.value), ("done", state.done)):
        getattr(heads, name)[:, :-1] = found[taken].reshape(count, starts, *found.shape[1:])
        getattr(heads, name)[:, -1] = found[-count:]
    heads.votes[:, :-1] = 1
    return heads
