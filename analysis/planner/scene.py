"""A family of the corpus as a game: a few small runs are known, others can be bought, the largest is to be forecast.

A run can be bought whole, or up to one of its real checkpoints; of the target itself the first half of training. What
is bought is seen as it was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..designs import END, TRANSIENT, levels
from ..points import Mask, Points
from .belief import Belief
from .design_search import Problem
from .measured import places, spread_out

#: Shares of a run's training at which it can be stopped; the target can be trained no farther than the last.
CUTS = (0.125, 0.25, 0.5)
#: How far, in logarithm, a real checkpoint may lie from such a share.
NEAR = 0.25
#: Checkpoints that a candidate is expected to show.
SHOWN = 3
#: Sizes that a family must have; from the second number on, three runs are known and not two.
LEAST, THREE = 5, 6
_TARGETS = 6


@dataclass(frozen=True)
class Arm:
    """A run that can be bought.

    Parameters
    ----------
    run : int
        Its place in `Points.runs`.
    row : int
        The last point that is bought.
    cost : float
        FLOPs up to there, as a share of the target's.
    whole : bool
        It is trained to its end.
    """

    run: int
    row: int
    cost: float
    whole: bool


@dataclass(frozen=True)
class Scene:
    """A family, what is known of it, what can be bought, and what is to be forecast.

    Parameters
    ----------
    points : Points
        The family.
    start : tuple of int
        Last points of the runs that are known.
    target : int
        Last point of the largest model; of several runs, of the longest.
    arms : tuple of Arm
        What can be bought.
    """

    points: Points
    start: tuple[int, ...]
    target: int
    arms: tuple[Arm, ...]

    @cached_property
    def asked(self) -> NDArray[np.int64]:
        """Points to be forecast: the last 30 % of the target's training, at most six."""
        points = self.points
        last = (points.run_index == points.run_index[self.target]) & (points.progress >= END)
        rows: NDArray[np.int64] = np.flatnonzero(last)
        if len(rows) <= _TARGETS:
            return rows
        some: NDArray[np.int64] = rows[np.linspace(0, len(rows) - 1, _TARGETS).round().astype(int)]
        return some

    @property
    def ratio(self) -> float:
        """Tokens per parameter of the target."""
        return float(self.points["tokens"][self.target] / self.points["params"][self.target])

    @property
    def cost(self) -> NDArray[np.float64]:
        """Costs of the arms, as shares of the target's."""
        return np.array([arm.cost for arm in self.arms])

    def leaves_a_choice(self, budget: float) -> bool:
        """Whether the whole runs that a budget pays for cannot all be bought together."""
        whole = self.cost[[arm.whole for arm in self.arms]]
        return bool(whole[whole <= budget].sum() > budget)

    def seen(self, arms: Sequence[int]) -> Mask:
        """Points that are known when some arms have been bought, shape (n,)."""
        points = self.points
        mask = np.isin(points.run_index, points.run_index[list(self.start)])
        for arm in (self.arms[k] for k in arms):
            mask |= (points.run_index == arm.run) & (points["tokens"] <= points["tokens"][arm.row])
        found: Mask = mask & (points.progress >= TRANSIENT * (1 - 1e-9))
        return found

    def problem(self, belief: Belief) -> Problem:
        """What the arms would measure and cost, as the search takes it."""
        points = self.points
        asked: list[int] = []
        rows = np.full((len(self.arms), SHOWN), -1)
        for k, arm in enumerate(self.arms):
            own = np.flatnonzero(self._of(arm.run) & (points["tokens"] <= points["tokens"][arm.row]))
            own = own[np.argsort(points["tokens"][own], kind="stable")]
            shown = own[spread_out(points["tokens"][own], SHOWN)]
            rows[k, : len(shown)] = np.arange(len(asked), len(asked) + len(shown))
            asked += shown.tolist()
        joint = belief.joint(places(points, np.array([*asked, self.target]), self.ratio))
        noise = belief.prior.scatter.checkpoint**2
        return Problem(joint, rows, noise, self.cost, np.array([arm.run for arm in self.arms]))

    def _of(self, run: int) -> Mask:
        mask: Mask = (self.points.run_index == run) & (self.points.progress >= TRANSIENT * (1 - 1e-9))
        return mask


def scene(points: Points) -> Scene | None:
    """The game of a family; None if it has too few sizes, or nothing to buy.

    The runs that are known are one of each of the smallest two or three sizes: whole ones, with tokens per parameter as
    usual in the family.
    """
    sizes = levels(points)
    if sizes < LEAST or not (points["flops"] > 0).all():
        return None
    final = points.final
    largest = np.flatnonzero(final & (points.level == sizes - 1))
    target = int(largest[np.argmax(points["tokens"][largest])])
    ratio = np.log(points["tokens"] / points["params"])
    usual = float(np.median(ratio[final]))
    start = []
    for level in range(3 if sizes >= THREE else 2):
        own = np.flatnonzero(final & (points.level == level))
        start.append(int(own[np.argmin(np.abs(ratio[own] - usual))]))
    arms = tuple(_arms(points, tuple(start), target))
    return Scene(points, tuple(start), target, arms) if arms else None


def _arms(points: Points, start: tuple[int, ...], target: int) -> Iterator[Arm]:
    known = set(points.run_index[list(start)].tolist())
    price, own = float(points["flops"][target]), int(points.run_index[target])
    for run in range(len(points.runs)):
        if run in known:
            continue
        rows = np.flatnonzero((points.run_index == run) & (points.progress >= TRANSIENT * (1 - 1e-9)))
        rows = rows[np.argsort(points["tokens"][rows], kind="stable")]
        share = points.progress[rows]
        ends = [int(k) for k in (np.abs(np.log(share / cut)).argmin() for cut in CUTS)]
        near = [k for k, cut in zip(ends, CUTS, strict=True) if abs(np.log(share[k] / cut)) <= NEAR]
        if run != own:
            near.append(len(rows) - 1)
        for k in dict.fromkeys(near):
            row, whole = int(rows[k]), k == len(rows) - 1
            cost = float(points["flops"][row]) / price
            if run != own or share[k] < END:
                yield Arm(run, row, cost, whole and run != own)
