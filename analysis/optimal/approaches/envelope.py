r"""Approach 1: at every budget, the run with the least loss; a power law through these sizes and tokens.

Every training curve is a function of compute (`curves`). At 1,500 budgets the lowest of them is the envelope, and
lines in logarithms through its sizes and tokens give :math:`N^*(C)` and :math:`D^*(C)` [1]_. Where the lowest curve is
that of the smallest or the largest size that reaches the budget, the optimum may lie beyond, and nothing is read off.

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...law import Array
from ...points import Points
from ..approach import Approach
from ..curves import curves
from ..frontier import LEAST_OPTIMA, Frontier, Optimum, Options, drawn_runs, nothing, through

BUDGETS = 1500
#: Curves of sizes this close are of one size.
CLOSE = 1.01


def find(points: Points, options: Options) -> Frontier:
    """Frontier from the envelope of training curves."""
    known = curves(points)
    size = np.array([curve.size for curve in known])
    level = np.cumsum(np.diff(np.log(size), prepend=np.log(size[:1])) > np.log(CLOSE)) if known else np.zeros(0, int)
    if len(set(level.tolist())) < LEAST_OPTIMA:
        why = (
            f"curves of {len(set(level.tolist()))} sizes; an envelope needs {LEAST_OPTIMA}, each with three checkpoints"
        )
        return nothing("envelope", points, "no_curves", why)
    ends = min(c.flops[0] for c in known), max(c.flops[-1] for c in known)
    log_flops = np.linspace(*ends, BUDGETS)
    loss, tokens = (np.array(rows) for rows in zip(*(curve.at(log_flops) for curve in known), strict=True))
    best = np.full((1 + options.bootstraps, BUDGETS), -1)
    for draw, counts in enumerate(drawn_runs(points, options)):
        best[draw] = _inside(np.where(counts[[c.run for c in known], None] > 0, loss, np.nan), level)
    sizes = np.where(best >= 0, np.log(size)[best], np.nan)
    spent = np.where(best >= 0, tokens[best, np.arange(BUDGETS)], np.nan)
    optima = _optima(log_flops, loss, tokens, size, level)
    return through("envelope", points, options, log_flops, sizes, spent, optima)


def _winner(loss: Array) -> NDArray[np.intp]:
    """The lowest curve at every budget; -1 where there is none."""
    at = np.argmin(np.where(np.isnan(loss), np.inf, loss), axis=0)
    return np.where(np.isfinite(loss).any(axis=0), at, -1)


def _inside(loss: Array, level: NDArray[np.int64]) -> NDArray[np.intp]:
    """The lowest curve, where a smaller and a larger size reach the budget too; else -1."""
    there = np.isfinite(loss)
    smallest = np.where(there, level[:, None], len(level)).min(axis=0)
    largest = np.where(there, level[:, None], -1).max(axis=0)
    at = _winner(loss)
    return np.where((at >= 0) & (smallest < level[at]) & (level[at] < largest), at, -1)


def _optima(log_flops: Array, loss: Array, tokens: Array, size: Array, level: NDArray[np.int64]) -> list[Optimum]:
    """Every size that wins somewhere, in the middle of where it does."""
    at, inside = _winner(loss), _inside(loss, level)
    found = []
    for k in np.unique(level[at[at >= 0]]):
        for within in (False, True):
            won = np.flatnonzero((at >= 0) & (level[at] == k) & ((inside >= 0) == within))
            if len(won):
                middle = won[len(won) // 2]
                best = at[middle]
                place = log_flops[middle], np.log(size[best]), tokens[best, middle], loss[best, middle]
                reach = len(set(level[np.isfinite(loss[:, middle])].tolist()))
                found.append(Optimum.of(*place, sizes=reach, inside=within))
    return sorted(found, key=lambda optimum: optimum.flops)


APPROACH = Approach(find)
