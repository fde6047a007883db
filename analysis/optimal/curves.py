"""Training curves as functions of compute: loss and tokens of every run at any budget that it passed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..law import Array
from ..points import Points

LEAST_CHECKPOINTS = 3
#: Checkpoints of a run closer than this, in decades of compute, are averaged: noise would win a minimum.
BIN = 0.05


class Curve(NamedTuple):
    """One run; logarithms along its checkpoints, in the order of compute.

    Parameters
    ----------
    run : int
        Place of the run in `points.runs`.
    size : float
        Its params.
    flops, loss, tokens : array, shape (checkpoints,)
    """

    run: int
    size: float
    flops: Array
    loss: Array
    tokens: Array

    def at(self, log_flops: Array) -> tuple[Array, Array]:
        """Logarithms of loss and tokens, straight between checkpoints; NaN before the first and after the last."""
        loss = np.interp(log_flops, self.flops, self.loss, np.nan, np.nan)
        return loss, np.interp(log_flops, self.flops, self.tokens, np.nan, np.nan)


def curves(points: Points) -> list[Curve]:
    """Runs with a curve, by size. A run with a few checkpoints only is none."""
    owner = points.run_index
    order = np.lexsort([points["flops"], owner])
    owner = owner[order]
    logs = {name: np.log(points[name][order]) for name in ("flops", "loss", "tokens")}
    found = []
    for k in range(len(points.runs)):
        mine = slice(*np.searchsorted(owner, [k, k + 1]))
        binned = _binned(*(logs[name][mine] for name in ("flops", "loss", "tokens")))
        if len(binned[0]) >= LEAST_CHECKPOINTS:
            found.append(Curve(k, float(points["params"][order][mine.start]), *binned))
    return sorted(found, key=lambda curve: curve.size)


def _binned(flops: Array, loss: Array, tokens: Array) -> tuple[Array, Array, Array]:
    """Means over bins of compute, counted from the end of the run; checkpoints further apart stay as they are."""
    bins = np.floor((flops[-1] - flops) / (BIN * np.log(10)) + 1e-9).astype(np.int64)
    _, place, count = np.unique(bins, return_inverse=True, return_counts=True)
    means = [np.bincount(place, weights=values)[::-1] / count[::-1] for values in (flops, loss, tokens)]
    return means[0], means[1], means[2]
