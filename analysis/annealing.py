"""How far the learning rate of each point has come down, from what was logged or from the name of the schedule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .designs import ANNEALED as FALLING
from .points import Mask, Points

#: Learning rate over its peak below which a run is annealed, and above which it is not.
ANNEALED, MID_RUN = 0.3, 0.6
#: Share of a run until which a cosine, or a line, is above the latter.
EARLY = 0.4


def rate_share(points: Points) -> NDArray[np.float64]:
    """Learning rate over the peak of its run, shape (n,); not-a-number where it is not known.

    Where no peak is stated, it is the largest rate of the run. A schedule that falls is down at the end of its run, one
    that is constant never; its name is asked where no rate moves, since a column with one rate for a whole run may be
    the peak that was set.

    Examples
    --------
    >>> run, tokens = np.array(["a", "a", "b"], object), np.array([1.0, 2.0, 2.0])
    >>> held = {"run": run, "tokens": tokens, "loss": tokens, "learning_rate": np.array([0.5, 0.125, 0.5])}
    >>> rate_share(Points("mine", held)).tolist()
    [1.0, 0.25, nan]
    """
    unknown = np.full(len(points), np.nan)
    rate, stated = (points.columns.get(name, unknown) for name in ("learning_rate", "peak_learning_rate"))
    most, least, logged = _by_run(points, rate)
    with np.errstate(divide="ignore", invalid="ignore"):  # rates that are all zero
        share = rate / np.where(np.isfinite(stated), stated, most)
    moves = ((most > least) | (share < 1)) & np.isfinite(share)
    named, by_name = _named(points)
    return np.where(moves, share, np.where(named, by_name, np.where(logged > 1, share, np.nan)))


def _by_run(points: Points, rate: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Largest and smallest rate of each point's run, and how many it has."""
    runs, known = len(points.runs), np.isfinite(rate)
    most, least, logged = np.full(runs, -np.inf), np.full(runs, np.inf), np.zeros(runs)
    index = points.run_index[known]
    np.maximum.at(most, index, rate[known])
    np.minimum.at(least, index, rate[known])
    np.add.at(logged, index, 1.0)
    most[logged == 0] = np.nan
    return most[points.run_index], least[points.run_index], logged[points.run_index]


def _named(points: Points) -> tuple[Mask, NDArray[np.float64]]:
    """Whether the name of the schedule is known, and what it says.

    That is 1 where it is constant or early in one that falls, and 0 at the end of that.
    """
    if "schedule" not in points.columns:
        return np.zeros(len(points), bool), np.full(len(points), np.nan)
    words, place = np.unique(points["schedule"].astype(str), return_inverse=True)
    held, falls = (np.array([str(w).startswith(some) for w in words])[place] for some in ("constant", FALLING))
    early = points.progress <= EARLY
    share = np.where(held | (falls & early), 1.0, np.where(falls & points.final, 0.0, np.nan))
    return held | falls, share
