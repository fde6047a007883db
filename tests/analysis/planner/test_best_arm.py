"""Which of several recipes to continue, on recipes of which the better is known."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from scalebook.analysis.planner.best_arm import POLICIES, Continuation, next_recipe
from scalebook.analysis.planner.choice import Standing, best_probability, draws, improvement, improvements
from scalebook.analysis.points import Points
from scalebook.corpus.errors import Misuse

from .made_runs import loss, made  # noqa: TID251 (this folder, not the package)

ASKED: dict[str, Any] = {"budget_flops": 1e20, "target_params": 1e10, "target_tokens": 2e11}


@pytest.fixture(scope="module")
def far_apart() -> Continuation:
    return next_recipe([made(name="good"), made(name="bad", unit=1.3)], **ASKED)


def test_the_better_recipe_is_first_and_probably_best(far_apart: Continuation) -> None:
    good, bad = far_apart.recipes
    assert (good.name, bad.name) == ("good", "bad")
    assert 1.25 * good.loss < bad.loss < 1.4 * good.loss
    assert good.best_probability > 0.99
    assert good.best_probability + bad.best_probability == pytest.approx(1)
    assert far_apart.chosen == "good"
    assert {level.recipe for level in far_apart.front} == {"good"}


def test_the_front_falls_with_compute_and_ends_at_the_target(far_apart: Continuation) -> None:
    losses = [level.loss for level in far_apart.front]
    assert losses == sorted(losses, reverse=True)
    assert far_apart.front[-1].flops == pytest.approx(6 * 1e10 * 2e11)
    assert far_apart.front[-1].loss == pytest.approx(far_apart.recipes[0].loss)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_chooses_a_recipe_and_says_which(policy: str) -> None:
    recipes = [made(name="one"), made(sizes=(1e7, 4e7), name="two", seed=1)]
    found = next_recipe(recipes, **ASKED, policy=policy)  # type: ignore[arg-type]
    assert found.policy == policy
    assert found.chosen in {"one", "two"}
    told = found.as_dict()
    assert told["chosen"] == found.chosen
    assert [one["recipe"] for one in told["recipes"]] == [one.name for one in found.recipes]


def test_expected_improvement_prefers_what_could_be_better_over_what_is_known() -> None:
    """Of two equally good recipes, the one with fewer runs has more to gain, per FLOP of equal runs."""
    known = made(sizes=(1e7, 4e7, 1.6e8, 6.4e8, 1e9), ratios=(10.0, 40.0), name="known")
    unknown = made(sizes=(1e7, 2e7), name="unknown")
    by_name = {one.name: one for one in next_recipe([known, unknown], **ASKED).recipes}
    assert by_name["unknown"].sd > by_name["known"].sd
    assert by_name["unknown"].expected_improvement > by_name["known"].expected_improvement


def test_thompson_draws_each_recipe_as_often_as_it_may_be_best() -> None:
    recipes = [made(name="one", seed=0), made(name="two", seed=5)]
    found = [next_recipe(recipes, **ASKED, policy="thompson", seed=seed) for seed in range(12)]
    assert {one.chosen for one in found} == {"one", "two"}
    assert found[0] == next_recipe(recipes, **ASKED, policy="thompson", seed=0)


def test_what_recipes_have_in_common_does_not_hide_which_is_best() -> None:
    """Two forecasts a standard deviation apart: even odds nearly if they err apart, certain if they err together."""
    mean, one = np.array([0.0, 0.02]), np.ones(2)
    apart = Standing(mean, np.diag([4e-4, 4e-4]), one, one)
    alike = Standing(mean, 4e-4 * np.array([[1.0, 0.999], [0.999, 1.0]]), one, one)
    said = [best_probability(draws(some, np.random.default_rng(0), 40_000))[0] for some in (apart, alike)]
    assert said[0] == pytest.approx(norm.cdf(0.02 / np.sqrt(8e-4)), abs=0.01)
    assert said[1] > 0.999
    assert improvements(apart)[1] == pytest.approx(improvement(exp(0.02), 0.02, 1.0))
    assert improvements(alike)[1] < 1e-6


def test_runs_of_one_recipe_move_the_forecast_of_the_other() -> None:
    """Larger runs of one show that the law was misjudged; the other has no such runs and the same law."""
    small = made(sizes=(1e7, 2e7), name="behind")
    ahead = made(sizes=(1e7, 2e7, 4e7, 1.6e8, 6.4e8), name="ahead", seed=3)
    before, after = (
        {one.name: one for one in next_recipe([small, other], **ASKED).recipes}["behind"]
        for other in (made(sizes=(1e7, 2e7), name="ahead", seed=3), ahead)
    )
    assert after.sd < 0.7 * before.sd
    truth = float(loss(1e10, 2e11))
    assert abs(np.log(after.loss / truth)) < abs(np.log(before.loss / truth))


def test_expected_improvement_is_the_integral() -> None:
    told, sd, best = 2.1, 0.05, 2.0
    z = np.linspace(-8, 8, 200_001)
    gain = np.maximum(best - told * np.exp(sd * z), 0.0) * norm.pdf(z)
    assert improvement(told, sd, best) == pytest.approx(np.trapezoid(gain, z), rel=1e-6)
    assert improvement(1.5, 0.0, 2.0) == 0.5
    assert improvement(2.5, 0.0, 2.0) == 0.0
    assert improvement(exp(-3), 0.01, 1.0) == pytest.approx(1 - exp(-3), rel=1e-3)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(Misuse, match="one recipe leaves nothing to choose"):
        next_recipe([made()], **ASKED)
    with pytest.raises(Misuse, match="two recipes are named made"):
        next_recipe([made(), made()], **ASKED)
    other = made(name="bytes")
    with pytest.raises(Misuse, match="in several units and cannot be compared: made in nats/token; bytes in nats/byte"):
        next_recipe([made(), Points("bytes", other.columns, "nats/byte")], **ASKED)
    basis = [np.full(len(other), word, object) for word in ("total", "non-embedding")]
    one, two = (Points(str(k), {**other.columns, "params_basis": words}) for k, words in enumerate(basis))
    with pytest.raises(Misuse, match="count parameters in several ways: 0 as total; 1 as non-embedding"):
        next_recipe([one, two], **ASKED)
    assert next_recipe([one, two], **ASKED, allow_mixed=True).chosen in {"0", "1"}
