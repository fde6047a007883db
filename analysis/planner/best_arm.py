"""Which of several recipes to continue: what each would reach at the target, and what its next run would tell.

Each recipe has runs of its own. They are forecast together (`together`), since forecasts that are made of each alone
err alike; what the next run of each would tell and cost is that of `next_run`. The choice itself is that of `choice`,
which `recipe_simulation` plays on sets of recipes of the corpus; see docs/decisions/0020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from scalebook.corpus.errors import Misuse

from ..bases import named
from ..points import Points
from .belief import Array, Belief, settle
from .candidates import Target
from .choice import CHOICES, Policy, Standing, best_probability, draws, improvements
from .experience import experience
from .kinship import kinship
from .measured import measured
from .next_run import Design, next_run
from .together import Recipes, together

POLICIES = tuple(CHOICES)
#: Compute levels of the front.
LEVELS = 6


@dataclass(frozen=True)
class Recipe:
    """One recipe: its forecast at the target, and the run that would tell most about it.

    Parameters
    ----------
    name : str
        Its file or family.
    loss, sd : float
        Forecast at the target, from the runs of all recipes, and its standard deviation in log loss.
    best_probability : float
        Probability that it has the lowest loss at the target.
    expected_improvement : float
        Loss that it is expected to gain on the best forecast of all others, counting no loss where it gains none.
    next : Design
        The best runs for it within the budget.
    """

    name: str
    loss: float
    sd: float
    best_probability: float
    expected_improvement: float
    next: Design

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints of it."""
        return {
            "recipe": self.name,
            "loss": self.loss,
            "sd_log_loss": self.sd,
            "best_probability": self.best_probability,
            "expected_improvement": self.expected_improvement,
            "expected_improvement_per_flop": self.expected_improvement / self.next.flops,
            "next": self.next.as_dict(),
        }


@dataclass(frozen=True)
class Level:
    """The best recipe at some compute, on the target's tokens per parameter.

    Parameters
    ----------
    flops, params, tokens : float
        Compute by 6 N D, size and tokens.
    recipe : str
        The recipe with the lowest forecast.
    loss : float
        That forecast.
    sd : float
        Its standard deviation in log loss.
    """

    flops: float
    params: float
    tokens: float
    recipe: str
    loss: float
    sd: float


@dataclass(frozen=True)
class Continuation:
    """Which recipe to continue.

    Parameters
    ----------
    policy : str
        How it was chosen.
    chosen : str
        Name of the recipe.
    recipes : tuple of Recipe
        All, lowest forecast first.
    front : tuple of Level
        Lowest loss against FLOPs, each level with the recipe that reaches it.
    target : Target
        What is forecast.
    unit : str
        Unit of the losses.
    """

    policy: Policy
    chosen: str
    recipes: tuple[Recipe, ...]
    front: tuple[Level, ...]
    target: Target
    unit: str

    def as_dict(self) -> dict[str, Any]:
        """What ``scalebook next-run --json`` prints for several recipes."""
        return {
            "policy": self.policy,
            "chosen": self.chosen,
            "unit": self.unit,
            "target": {"params": self.target.params, "tokens": self.target.tokens, "flops": self.target.flops},
            "recipes": [one.as_dict() for one in self.recipes],
            "front": [vars(level) for level in self.front],
        }


def next_recipe(
    recipes: Sequence[Points],
    budget_flops: float,
    target_params: float,
    target_tokens: float,
    *,
    policy: Policy = "ei",
    seed: int = 0,
    allow_mixed: bool = False,
) -> Continuation:
    """Choose the recipe to continue.

    Parameters
    ----------
    recipes : sequence of Points
        Runs of each recipe, two or more.
    budget_flops, target_params, target_tokens, allow_mixed
        As in `next_run.next_run`; the budget is that of the recipe that is continued.
    policy : {"thompson", "ei", "design"}
        How to choose.
    seed : int
        Of the draw of Thompson sampling.

    Raises
    ------
    Misuse
        Losses are in several units, sizes are counted in several ways, two recipes have one name, or `next_run`
        refuses.
    """
    names = [points.family for points in recipes]
    _comparable(recipes, names, allow_mixed)
    answers = [next_run(p, budget_flops, target_params, target_tokens, allow_mixed=allow_mixed) for p in recipes]
    target = Target(target_params, target_tokens)
    seen = _seen(recipes, target)
    nexts = [answer.best for answer in answers]
    flops = np.array([one.flops for one in nexts])
    removed = np.array([one.sd_before**2 - one.sd_after**2 for one in nexts])
    standing = Standing(*_forecast(recipes, seen, target), flops, removed)
    best = best_probability(draws(standing, np.random.default_rng(seed)))
    gain = improvements(standing)
    found = [
        Recipe(name, float(np.exp(standing.mean[k])), float(standing.sd[k]), float(best[k]), gain[k], nexts[k])
        for k, name in enumerate(names)
    ]
    chosen = CHOICES[policy](standing, np.random.default_rng(seed))
    ordered = tuple(sorted(found, key=lambda one: one.loss))
    return Continuation(policy, names[chosen], ordered, _front(recipes, seen, target), target, recipes[0].unit)


def _seen(recipes: Sequence[Points], target: Target) -> Recipes:
    beliefs: list[Belief] = [settle(experience(p.related), *measured(p, target.ratio)) for p in recipes]
    return Recipes.of(recipes, beliefs, target.ratio)


def _forecast(recipes: Sequence[Points], seen: Recipes, target: Target) -> tuple[Array, Array]:
    """Log losses of all recipes and the covariance of their errors, without what their own group has taught."""
    groups = {points.related for points in recipes}
    group = groups.pop() if len(groups) == 1 else ""
    return together(experience(group), kinship(group), seen, [target] * len(recipes))


def _comparable(recipes: Sequence[Points], names: Sequence[str], allow_mixed: bool) -> None:
    if len(recipes) < 2:
        raise Misuse("one recipe leaves nothing to choose: give two files or families, or leave --policy out")
    if len(set(names)) < len(names):
        raise Misuse(f"two recipes are named {next(n for n in names if names.count(n) > 1)}: give each one name")
    units = {points.unit: points.family for points in recipes}
    if len(units) > 1:
        told = "; ".join(f"{family} in {unit}" for unit, family in units.items())
        raise Misuse(f"the losses of these recipes are in several units and cannot be compared: {told}")
    bases = {basis: points.family for points in recipes if (basis := named(points, "params_basis"))}
    if len(bases) > 1 and not allow_mixed:
        told = "; ".join(f"{family} as {basis}" for basis, family in bases.items())
        raise Misuse(f"these recipes count parameters in several ways: {told}; use one way, or say --allow-mixed")


def _front(recipes: Sequence[Points], seen: Recipes, target: Target) -> tuple[Level, ...]:
    """The lowest forecast at some compute from the largest run to the target, at the target's tokens per parameter."""
    largest = float((6 * seen.places.params * seen.places.tokens).max())
    levels = []
    for flops in np.geomspace(largest, target.flops, LEVELS).tolist():
        scale = sqrt(flops / target.flops)
        at = Target(target.params * scale, target.tokens * scale)
        mean, covariance = _forecast(recipes, seen, at)
        k = int(mean.argmin())
        sd = sqrt(max(float(covariance[k, k]), 0.0))
        levels.append(Level(flops, at.params, at.tokens, recipes[k].family, float(np.exp(mean[k])), sd))
    return tuple(levels)
