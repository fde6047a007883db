"""Ways to spend a budget on several recipes: those of the command, and what people do without them.

A policy names the recipe whose next run is bought, again and again, of those whose next run the rest of the budget can
pay. It sees the forecasts after the runs that were bought, and never a loss of one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from .belief import Array
from .choice import CHOICES, Choice, Standing
from .climb import Climb, Steps

#: What is forgiven when a cost is compared with what is left.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class State:
    """A game on its way.

    Parameters
    ----------
    climb : Climb
        The contest.
    taken : array of int, shape (n,)
        Steps that were bought of each recipe.
    left : float
        What is left of the budget, in the unit of `Climb.cost`.
    """

    climb: Climb
    taken: Steps
    left: float

    @cached_property
    def standing(self) -> Standing:
        """Forecasts, and next runs that can be paid; made only for policies that look at it."""
        return self.climb.standing(self.taken, self.left)

    @cached_property
    def open(self) -> list[int]:
        """Recipes whose next run can be paid."""
        cost, last = self.climb.cost, self.climb.cost.shape[1]
        return [k for k, step in enumerate(self.taken.tolist()) if step < last and cost[k, step] <= self.left]


Policy = Callable[[State, np.random.Generator], int | None]


def turns(state: State, rng: np.random.Generator) -> int | None:
    """The doubling rule for all: each in turn, in an order that is drawn anew for every round."""
    return _lowest(state, state.taken + rng.random(len(state.taken)) / 2)


def halving(state: State, rng: np.random.Generator) -> int | None:
    """Successive halving: of the recipes on a rung the half with the lowest forecasts goes on, then half of those."""
    count = len(state.taken)
    for rung in range(int(state.taken.max()) + 1):
        if (state.taken > rung).sum() < ceil(count / 2 ** (rung + 1)):
            here = [k for k in state.open if state.taken[k] == rung]
            return min(here, key=lambda k: float(state.standing.mean[k])) if here else None
    return None


def leader(state: State, rng: np.random.Generator) -> int | None:
    """The recipe with the lowest forecast, while it can be continued; then the next."""
    return _lowest(state, state.standing.mean)


def random(state: State, rng: np.random.Generator) -> int | None:
    """Any."""
    return int(rng.choice(state.open))


def nothing(state: State, rng: np.random.Generator) -> int | None:
    """The runs that are there must do."""
    return None


def _lowest(state: State, order: Array) -> int:
    return min(state.open, key=lambda k: float(order[k]))


def _of_the_command(choose: Choice) -> Policy:
    return lambda state, rng: choose(state.standing, rng)


POLICIES: Mapping[str, Policy] = {
    **{name: _of_the_command(choose) for name, choose in CHOICES.items()},
    **{policy.__name__: policy for policy in (turns, halving, leader, random, nothing)},
}
#: Policies that draw: their result is a mean over several plays.
DRAWING = ("thompson", "turns", "random")


def play(climb: Climb, budget: float, policy: Policy, seed: int = 0) -> Steps:
    """Buy until nothing can be paid or the policy stops.

    Parameters
    ----------
    climb : Climb
        The contest.
    budget : float
        A share of what all steps of all recipes cost.
    policy : callable
        See `POLICIES`.
    seed : int
        For policies that draw.

    Returns
    -------
    array of int, shape (recipes,)
        Steps bought of each recipe.
    """
    rng, taken = np.random.default_rng(seed), np.zeros(len(climb.beliefs), np.int64)
    left = budget * float(climb.cost.sum()) * (1 + _ROUNDING)
    while True:
        state = State(climb, taken, left)
        if not state.open or (pick := policy(state, rng)) is None:
            return taken
        left -= float(climb.cost[pick, taken[pick]])
        taken = taken + (np.arange(len(taken)) == pick)
