"""Ways to spend a budget on several recipes: those of the command, and what people do without them.

A policy names the recipe whose next run is bought, again and again, of those whose next run the rest of the budget can
pay. It sees the forecasts after the runs that were bought, and never a loss of one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from .belief import Array
from .choice import CHOICES, Standing
from .climb import Climb, Steps

#: What is forgiven when a cost is compared with what is left.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class State:
    """A game on its way.

    Parameters
    ----------
    standing : Standing
        Forecasts, and next runs that can be paid.
    taken : array of int, shape (n,)
        Rungs that were bought of each recipe.
    """

    standing: Standing
    taken: Steps


Policy = Callable[[State, np.random.Generator], int | None]


def turns(state: State, rng: np.random.Generator) -> int | None:
    """The doubling rule for all: each in turn, in an order that is drawn anew for every round."""
    return _lowest(state, state.taken + rng.random(len(state.taken)) / 2)


def halving(state: State, rng: np.random.Generator) -> int | None:
    """Successive halving: of the recipes on a rung, the half with the lowest forecasts goes on, then a half of those."""
    count = len(state.taken)
    for rung in range(int(state.taken.max()) + 1):
        if (state.taken > rung).sum() < ceil(count / 2 ** (rung + 1)):
            here = [k for k in state.standing.open if state.taken[k] == rung]
            return min(here, key=lambda k: float(state.standing.mean[k])) if here else None
    return None


def leader(state: State, rng: np.random.Generator) -> int | None:
    """The recipe with the lowest forecast, while it can be continued; then the next."""
    return _lowest(state, state.standing.mean)


def random(state: State, rng: np.random.Generator) -> int | None:
    """Any."""
    return int(rng.choice(state.standing.open))


def nothing(state: State, rng: np.random.Generator) -> int | None:
    """The runs that are there must do."""
    return None


def _lowest(state: State, order: Array) -> int:
    return min(state.standing.open, key=lambda k: float(order[k]))


def _of_the_command(name: str) -> Policy:
    choose = {str(policy): way for policy, way in CHOICES.items()}[name]
    return lambda state, rng: choose(state.standing, rng)


POLICIES: Mapping[str, Policy] = {
    **{name: _of_the_command(name) for name in CHOICES},
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
        A share of what all rungs of all recipes cost.
    policy : callable
        See `POLICIES`.
    seed : int
        For policies that draw.

    Returns
    -------
    array of int, shape (recipes,)
        Rungs bought of each recipe.
    """
    rng, taken = np.random.default_rng(seed), np.zeros(len(climb.truth), np.int64)
    left = budget * float(climb.cost.sum())
    while True:
        state = State(climb.standing(taken, left * (1 + _ROUNDING)), taken)
        if not state.standing.open or (pick := policy(state, rng)) is None:
            return taken
        left -= float(climb.cost[pick, taken[pick]])
        taken = taken + (np.arange(len(taken)) == pick)
