"""A contest on its way: forecasts of all recipes after the rungs that were bought, each made once.

A policy moves among them and never sees a loss of a run that it has not bought.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .belief import Array, Belief, Places, settle
from .candidates import Candidate, Target
from .choice import Standing
from .contest import Contest
from .design_search import variance
from .experience import doubting, experience
from .measured import measured, places
from .options import Options
from .together import Kinship, Recipes, joined_places, together

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Climb:
    """What is known of a contest step by step; a step is a rung beyond those that are known at first.

    Parameters
    ----------
    contest : Contest
        The recipes.
    beliefs : tuple of tuple of Belief
        What each recipe says alone, after so many steps.
    removed : array, shape (recipes, steps + 1)
        Variance of the forecast that the next step is expected to remove; zero at the end.
    ends : Places
        Where the ends of all runs below the target were measured.
    log_loss, recipe, rung : array, shape (n,)
        What was measured there, whose it is, and which rung.
    kinship : Kinship, optional
        How closely the recipes are related; without it each is forecast alone.
    """

    contest: Contest
    beliefs: tuple[tuple[Belief, ...], ...]
    removed: Array
    ends: Places
    log_loss: Array
    recipe: NDArray[np.int64]
    rung: NDArray[np.int64]
    kinship: Kinship | None = None
    _made: dict[bytes, tuple[Array, Array]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def cost(self) -> Array:
        """FLOPs of every step, shape (recipes, steps)."""
        found: Array = self.contest.cost[:, self.contest.start : -1]
        return found

    def spent(self, taken: Steps) -> float:
        """FLOPs of the steps taken, as a share of what all steps of all recipes cost."""
        cost = self.cost
        return float(cost[np.arange(cost.shape[1]) < taken[:, None]].sum() / cost.sum())

    def forecast(self, taken: Steps) -> tuple[Array, Array]:
        """Log losses of all recipes at the target after some steps, and the covariance of their errors."""
        key = taken.tobytes()
        if key not in self._made:
            self._made[key] = self._forecast(taken)
        return self._made[key]

    def _forecast(self, taken: Steps) -> tuple[Array, Array]:
        n, contest = np.arange(len(taken)), self.contest
        if self.kinship is None:
            mean, sd = self._alone
            return mean[n, taken], np.diag(sd[n, taken] ** 2)
        beliefs = [own[step] for own, step in zip(self.beliefs, taken.tolist(), strict=True)]
        targets = [contest.at(k, -1) for k in range(len(beliefs))]
        known = self.rung < contest.start + taken[self.recipe]
        seen = Recipes(beliefs, self.ends.take(known), self.log_loss[known], self.recipe[known])
        return together(experience(contest.related), self.kinship, seen, targets)

    @cached_property
    def _alone(self) -> tuple[Array, Array]:
        """Forecasts of each recipe alone after every step, and their standard deviations, (recipes, steps + 1)."""
        told = [[one.forecast(self.contest.at(k, -1).place) for one in own] for k, own in enumerate(self.beliefs)]
        mean, sd = np.moveaxis(np.array(told)[..., 0], -1, 0)
        return mean, sd

    def standing(self, taken: Steps, left: float = np.inf) -> Standing:
        """What is known after some steps; runs that cost more than what is left cannot be bought."""
        n, cost = np.arange(len(taken)), np.pad(self.cost, ((0, 0), (0, 1)), constant_values=np.inf)
        next_cost = cost[n, taken]
        flops = np.where(next_cost <= left, next_cost, np.inf)
        return Standing(*self.forecast(taken), flops, self.removed[n, taken])

    def regret(self, taken: Steps) -> float:
        """Log loss of the recipe with the lowest forecast, less that of the best."""
        truth = self.contest.truth
        return float(truth[self.forecast(taken)[0].argmin()] - truth.min())


def alone(climb: Climb) -> Climb:
    """The same with forecasts that are made of each recipe alone."""
    return replace(climb, kinship=None)


def climb(contest: Contest, kinship: Kinship | None) -> Climb:
    """What is known of a contest step by step, with what other groups of families teach."""
    count, steps = len(contest.recipes), contest.rungs.shape[1] - contest.start
    told = [[_after(contest, k, step) for step in range(steps)] for k in range(count)]
    below = contest.rungs[:, :-1]
    ends = [places(p, below[k], contest.at(k, -1).ratio) for k, p in enumerate(contest.recipes)]
    return Climb(
        contest,
        tuple(tuple(belief for belief, _ in own) for own in told),
        np.array([[removed for _, removed in own] for own in told]),
        joined_places(ends),
        np.concatenate([np.log(p["loss"][below[k]]) for k, p in enumerate(contest.recipes)]),
        np.repeat(np.arange(count), below.shape[1]),
        np.tile(np.arange(below.shape[1]), count),
        kinship,
    )


def _after(contest: Contest, recipe: int, step: int) -> tuple[Belief, float]:
    """What a recipe says alone after some steps, and the variance that its next step removes."""
    points, target = contest.recipes[recipe], contest.at(recipe, -1)
    known = contest.start + step
    runs = points.run_index[contest.rungs[recipe, :known]]
    own = points.where(np.isin(points.run_index, runs))
    seen = measured(own, target.ratio)
    belief = settle(experience(points.related), *seen)
    if known == contest.rungs.shape[1] - 1:
        return belief, 0.0
    _, before = belief.forecast(target.place)
    doubts = settle(doubting(points.related), *seen)
    options = Options.of(doubts, float(before[0]), target, own, [_run(contest.at(recipe, known))], ())
    return belief, float(options.problem.joint[-1, -1]) - variance(options.problem, (0,))


def _run(place: Target) -> Candidate:
    return Candidate(place.params, place.tokens, place.tokens)
