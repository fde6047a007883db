"""The slow way, for problems of which the fast search is not sure: every start is finished on all rows."""

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
from .starts import choose

LONG = 20_000
"""Points of a table from which the slow way is not taken: there the fast one sees every start on a sample."""
_LAST = replace(EXACT, limit=300)
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
    x, value, done = descend(coordinates, steps, x, problems, which, _LAST)
    heads = Heads.of(count, starts + 1, p)
    cut = count * starts
    second = (value[cut:-count] < value[:cut] * (1 - 1e-12)) | ~np.isfinite(value[:cut])
    taken = np.arange(cut) + np.where(second, cut, 0)
    for name, found in (("x", x), ("value", value), ("done", done)):
        getattr(heads, name)[:, :-1] = found[taken].reshape(count, starts, *found.shape[1:])
        getattr(heads, name)[:, -1] = found[-count:]
    heads.votes[:, :-1] = 1
    return heads
