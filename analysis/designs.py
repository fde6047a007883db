"""What protocols share: which part of training is transient, which is the end, and which splits are worth making.

The reference (Choshen et al. 2024, arXiv:2410.11840, section 4) predicts the last 30 % of training of the target and
leaves out the first 10 B tokens. Here the transient is a share of each run's own length, since 10 B tokens are longer
than whole runs of some families; see docs/decisions/0005.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .points import Mask, Points

#: Share of a run that is warm-up and transient.
TRANSIENT = 0.1
#: Where the end of a run begins.
END = 0.7
#: Schedules in which the learning rate comes down, and those that hold it or let it fall slowly and without end.
ANNEALED = ("cosine", "linear", "wsd", "wsd-linear", "wsd-two-stage", "two-stage", "cooldown")
HELD = ("constant", "inverse-sqrt")
#: Tokens per parameter that differ by less than this factor are one ratio: size and data grow together.
ONE_RATIO = 1.5
#: Most sizes that a design learns from, but for all: no one trains more for one forecast.
MOST = 10


def levels(points: Points) -> int:
    """How many sizes there are."""
    return int(points.level.max(initial=-1)) + 1


def trained(points: Points, share: float = 1.0, *, since: float = TRANSIENT) -> Mask:
    """Points between two shares of their run's own training, both ends included."""
    mask: Mask = (points.progress >= since * (1 - 1e-9)) & (points.progress <= share * (1 + 1e-9))
    return mask


def ratios(points: Points, *, ends_only: bool = False) -> NDArray[np.float64]:
    """Tokens per parameter of what a forecast is fitted to: checkpoints after the transient, or ends of runs only.

    Size and data can be told apart if these differ from point to point, wherever runs end.
    """
    mask = points.final if ends_only else trained(points)
    found: NDArray[np.float64] = points["tokens"][mask] / points["params"][mask]
    return found


def one_ratio(seen: NDArray[np.float64]) -> bool:
    """Whether tokens per parameter hardly differ."""
    return bool(seen.max() < ONE_RATIO * seen.min())


def between(values: NDArray[np.float64]) -> str:
    """Smallest and largest in words; one number where both are told alike.

    Examples
    --------
    >>> between(np.array([20.0, 5.0])), between(np.array([80.0, 80.0]))
    ('5 to 20', '80')
    """
    low, high = f"{values.min():.3g}", f"{values.max():.3g}"
    return high if low == high else f"{low} to {high}"


def end_of(points: Points, level: int) -> Mask:
    """The last 30 % of training of every run of a size."""
    mask: Mask = (points.level == level) & trained(points, since=END)
    return mask


def mid_run(points: Points) -> Mask:
    """Points before the end of their run, after the transient."""
    mask: Mask = trained(points, since=TRANSIENT) & ~points.final
    return mask


def spread(items: Iterable[int], most: int) -> list[int]:
    """At most so many of some numbers, evenly spread from the first to the last.

    Examples
    --------
    >>> spread(range(10), 4)
    [0, 3, 6, 9]
    """
    every = list(items)
    if len(every) <= most:
        return every
    return [every[k] for k in np.linspace(0, len(every) - 1, most).round().astype(int)]


def sizes_to_learn_from(largest: int, least: int = 3) -> list[int]:
    """Numbers of smallest sizes, from `least` on, and all below the largest, which are two or more."""
    return sorted(k for k in {*range(least, min(largest, MOST) + 1), largest} if k >= 2)


def several_checkpoints(points: Points) -> bool:
    """Whether a fifth of the runs or more, of several sizes, were looked at before their end."""
    seen = mid_run(points)
    return len(np.unique(points.level[seen])) >= 2 and len(np.unique(points.run_index[seen])) >= 0.2 * len(points.runs)
