"""Corners: where absolute residuals are least, a law runs through points, and smooth steps get stuck between them.

References
----------
.. [1] Osborne and Watson (1971), On an algorithm for discrete nonlinear L1 approximation, Computer Journal 14: a linear
   programme for every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..law import Array
from .coordinates import Coordinates
from .data import Table, pack
from .objective import Loss, Problems, predict
from .search import AGREE, EXACT, ROUGH, Solution, descend
from .solver import minimise
from .starts import choose

MANY = 3000
"""Points of a table from which a linear programme takes too long, and corners lie so close that they hardly matter."""
_STEPS, _FIRST, _SHORTER, _WORTH = 30, 0.1, 0.25, 1e-11


def walk(
    coordinates: Coordinates, steps: Sequence[Loss], tables: Sequence[Table], starts: int, seed: int, known: Solution
) -> Solution:
    """Go down from corner to corner, then to the minimum of the smoothed loss beside the last one.

    Parameters
    ----------
    steps : sequence of Loss
        Those of least absolute deviations; the last one is nearly without smoothing.
    known : Solution
        Places to begin. They keep their votes, as a walk leaves no basin; where few starts agree, because each was
        stuck at another corner, all starts walk.
    """
    found = Solution(known.x.copy(), known.done.copy(), known.agreeing.copy())
    for row, table in enumerate(tables):
        problems = pack(coordinates, [table], len(table.target))
        x = _walked(coordinates, problems, known.x[row])
        if known.agreeing[row] <= starts // 4:
            drawn = choose(coordinates, steps[-1], problems, starts, seed)[0]
            alone = np.zeros(starts, dtype=np.intp)
            near = descend(coordinates, steps, drawn, problems, alone, ROUGH).x
            places = [_walked(coordinates, problems, place) for place in near]
            reached = np.array([_size(coordinates, problems, place) for place in places])
            if reached.min() < _size(coordinates, problems, x):
                x = places[int(np.argmin(reached))]
            found.agreeing[row] = np.sum(reached <= _size(coordinates, problems, x) * (1 + AGREE))
        last = replace(EXACT, tolerance=1e-10)
        state = minimise(coordinates, steps[-1], x[None], problems, np.zeros(1, dtype=np.intp), last)
        found.x[row], found.done[row] = state.x[0], state.done[0]
    return found


def _walked(coordinates: Coordinates, problems: Problems, x: Array) -> Array:
    reach = _FIRST * (1.0 + np.abs(x))
    value = _size(coordinates, problems, x)
    for _ in range(_STEPS):
        step, promised = _step(coordinates, problems, x, reach)
        if not value - promised > _WORTH * value:
            break
        there = np.clip(x + step, coordinates.low, coordinates.high)
        reached = _size(coordinates, problems, there)
        if reached < value:
            x, value = there, reached
        else:
            reach = _SHORTER * np.minimum(reach, np.abs(step).max())
    return x


def _size(coordinates: Coordinates, problems: Problems, x: Array) -> float:
    """Sum of absolute residuals, in logarithms; infinite where the law is undefined."""
    with np.errstate(all="ignore"):
        r = np.log(problems.target / predict(coordinates, x[None], problems, 1).value)
        total = float(np.sum(problems.weight * np.abs(r)))
    return total if np.isfinite(total) else np.inf


def _step(coordinates: Coordinates, problems: Problems, x: Array, reach: Array) -> tuple[Array, float]:
    """The step within reach that makes absolute residuals of the linearised law least, and what it promises."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    shape = problems.target.shape
    with np.errstate(all="ignore"):
        jet = predict(coordinates, x[None], problems, 1)
        f = np.broadcast_to(jet.value, shape)[0]
        slopes = np.stack([np.broadcast_to(jet.first.get(k, 0.0), shape)[0] / f for k in range(len(x))], axis=1)
        seen = problems.weight[0] > 0
        r, slopes = np.log(problems.target[0] / f)[seen], slopes[seen]
    if not (np.isfinite(slopes).all() and np.isfinite(r).all()):  # at the edge of the formula's domain
        return np.zeros(len(x)), np.inf
    own, size = csr_array(slopes), eye_array(len(r))
    rows = vstack([hstack([own, -size]), hstack([-own, -size])])
    low, high = np.maximum(coordinates.low - x, -reach), np.minimum(coordinates.high - x, reach)
    bounds = [*zip(low, high, strict=True), *[(0.0, np.inf)] * len(r)]
    cost = np.concatenate([np.zeros(len(x)), problems.weight[0][seen]])
    found = linprog(cost, A_ub=rows.tocsr(), b_ub=np.concatenate([r, -r]), bounds=bounds, method="highs")
    return (found.x[: len(x)], float(found.fun)) if found.success else (np.zeros(len(x)), np.inf)
