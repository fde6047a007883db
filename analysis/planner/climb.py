"""Forecasts of every recipe of a contest after every rung, each made once: a policy moves among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .belief import Array, settle
from .candidates import Candidate, Target
from .choice import Standing
from .contest import Contest
from .design_search import variance
from .experience import doubting, experience
from .measured import measured
from .options import Beliefs, Options

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Climb:
    """What a policy may see of a contest, step by step, and what comes out.

    Parameters
    ----------
    mean, sd : array, shape (recipes, steps + 1)
        Forecast of the log loss at the target after so many rungs beyond the known ones, and its standard deviation.
    cost, removed : array, shape (recipes, steps)
        Of the next rung: its FLOPs as a share of the target's, and the variance of the forecast that it is expected to
        remove.
    truth : array, shape (recipes,)
        Log loss at the target.
    """

    mean: Array
    sd: Array
    cost: Array
    removed: Array
    truth: Array

    def spent(self, taken: Steps) -> float:
        """FLOPs of the rungs taken, as a share of what all rungs of all recipes cost."""
        steps = np.arange(self.cost.shape[1])
        return float(self.cost[steps < taken[:, None]].sum() / self.cost.sum())

    def forecast(self, taken: Steps) -> Array:
        """Forecast of every recipe, shape (recipes,)."""
        told: Array = self.mean[np.arange(len(taken)), taken]
        return told

    def standing(self, taken: Steps, left: float = np.inf) -> Standing:
        """What is known after some rungs; runs that cost more than what is left cannot be bought."""
        n, last = np.arange(len(taken)), self.cost.shape[1]
        cost = np.column_stack([self.cost, np.full(len(taken), np.inf)])[n, taken]
        removed = np.column_stack([self.removed, np.zeros(len(taken))])[n, np.minimum(taken, last)]
        return Standing(self.forecast(taken), self.sd[n, taken], np.where(cost <= left, cost, np.inf), removed)

    def hindsight(self, budget: float) -> float:
        """The least regret that any way to spend a budget could have led to.

        A recipe is recommended if it can be given a forecast lower than those of all others, at some cost.
        """
        spent = np.pad(np.cumsum(self.cost, axis=1), ((0, 0), (1, 0))) / self.cost.sum()
        reached = []
        for k, mean in enumerate(self.mean):
            others = np.delete(np.arange(len(self.mean)), k)
            for step, told in enumerate(mean):
                worse = np.where(self.mean[others] > told, spent[others], np.inf).min(axis=1)
                if spent[k, step] + worse.sum() <= budget * (1 + 1e-9):
                    reached.append(float(self.truth[k]))
        return min(reached) - float(self.truth.min())

    def regret(self, taken: Steps) -> float:
        """Log loss of the recipe with the lowest forecast, less that of the best."""
        return float(self.truth[self.forecast(taken).argmin()] - self.truth.min())


def climb(contest: Contest) -> Climb:
    """Forecast every recipe after every rung, with what other groups of families teach."""
    count = contest.rungs.shape[1] - contest.start
    told = np.array([[_after(contest, k, step, count) for step in range(count)] for k in range(len(contest.recipes))])
    mean, sd, removed = np.moveaxis(told, -1, 0)
    cost = contest.cost[:, contest.start : -1]
    return Climb(mean, sd, cost, removed[:, :-1], contest.truth)


def _after(contest: Contest, recipe: int, step: int, count: int) -> tuple[float, float, float]:
    """Forecast, its standard deviation, and the variance that the next rung removes."""
    points, target = contest.recipes[recipe], contest.at(recipe, -1)
    known = contest.start + step
    runs = points.run_index[contest.rungs[recipe, :known]]
    own = points.where(np.isin(points.run_index, runs))
    seen = measured(own, target.ratio)
    belief = settle(experience(points.related), *seen)
    mean, sd = belief.forecast(target.place)
    if step == count - 1:
        return float(mean[0]), float(sd[0]), 0.0
    beliefs = Beliefs(belief, settle(doubting(points.related), *seen))
    options = Options.of(beliefs, target, own, [_run(contest.at(recipe, known))], ())
    return float(mean[0]), float(sd[0]), float(sd[0]) ** 2 - variance(options.problem, (0,))


def _run(place: Target) -> Candidate:
    return Candidate(place.params, place.tokens, place.tokens)
