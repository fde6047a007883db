"""Plans of mixtures of experts: what a token costs, brute force over all that is chosen, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.planner.coefficients import Coefficients
from scalebook.analysis.planner.front import plan
from scalebook.analysis.planner.literature import published_coefficients
from scalebook.analysis.planner.mixtures import Mixture
from scalebook.analysis.planner.plan import plan as planned
from scalebook.analysis.planner.request import Request
from scalebook.analysis.planner.spending import FineGrained, Share, Spending, Switch
from scalebook.analysis.planner.tables import iso_cost, iso_loss
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse

FINE = FineGrained(64, 16, (6, 2), (14, 6), 64)
GRAINS = [2.0**k for k in range(8)]
#: Table 1 of arXiv:2402.07871.
VALUES = {"c": 0.47, "g": 2.1, "gamma": 0.58, "a": 18.1, "alpha": 0.115, "b": 30.8, "beta": 0.147}


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with open_corpus(own_runs=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def fine(corpus: Corpus) -> Mixture:
    law = published_coefficients(corpus, "krajewski2024-e64")
    assert isinstance(law, Mixture)
    return law


@pytest.fixture(scope="module")
def joint(corpus: Corpus) -> Mixture:
    law = published_coefficients(corpus, "ludziejewski2025-joint")
    assert isinstance(law, Mixture)
    return law


def train_by_hand(params: Any, granularity: float) -> Any:
    """Equation 10 of arXiv:2402.07871 for 64 times the parameters, written out."""
    width = (64 * params / 516) ** (1 / 3)
    return (72 * width**2 + 14 * 64 * granularity * width) * width / 64


def loss_by_hand(params: Any, tokens: Any, granularity: float) -> Any:
    v = VALUES
    level = v["g"] / granularity ** v["gamma"] + v["a"]
    return v["c"] + level / params ** v["alpha"] + v["b"] / tokens ** v["beta"]


# what a token costs


@pytest.mark.parametrize("spending", [Share(), Share(0.1), Share(0.1, counts_active=True), FINE, Switch(8, 50257, 64)])
def test_a_token_of_training_costs_three_that_are_served_where_no_router_moves_tokens(spending: Spending) -> None:
    sizes = np.geomspace(1e8, 1e12, 20)
    ratio = spending.train(sizes) / spending.inference(sizes)
    assert np.all(ratio <= 3 + 1e-12)
    if not isinstance(spending, FineGrained):
        assert ratio == pytest.approx(3)
        assert spending.train(1e9) == pytest.approx(6 * spending.active(1e9))
    assert spending.total(1e9) >= spending.active(1e9) * (1 - 1e-12)


@pytest.mark.parametrize("granularity", [1.0, 16.0, 64.0])
def test_a_router_costs_what_the_paper_says(granularity: float) -> None:
    sizes = np.geomspace(1e8, 1e14, 20)
    spending = FineGrained(64, granularity, (6, 2), (14, 6), 64)
    assert spending.train(sizes) == pytest.approx(train_by_hand(sizes, granularity), rel=1e-12)
    without = FineGrained(64, granularity, (6, 2), (0, 0), 64)
    assert without.train(sizes) == pytest.approx(6 * spending.active(sizes), rel=1e-12)


def test_sizes_of_the_paper_follow_from_active_ones() -> None:
    """Rows of appendix E of arXiv:2502.05172: active and all parameters."""
    for active, experts, total in ((321e6, 32, 5.0e9), (683e6, 8, 3.3e9), (1.1e9, 4, 3.0e9), (2.7e9, 1, 2.7e9)):
        shape = Switch(experts, 50257, 64)
        assert shape.total(active) == pytest.approx(total, rel=0.06), "some of their shapes are deeper than 1 : 64"
        assert shape.sparse == (experts > 1)


# what is best


@settings(max_examples=25, deadline=None)
@given(st.floats(18, 26), st.sampled_from([*GRAINS, 3.0]))
def test_the_best_split_is_that_of_brute_force(fine: Mixture, log_flops: float, granularity: float) -> None:
    found = planned(fine, Request(flops=10**log_flops, granularity=granularity)).plan
    sizes = np.geomspace(1e6, 1e16, 400_001)
    tokens = 10**log_flops / train_by_hand(sizes, granularity)
    losses = loss_by_hand(sizes, tokens, granularity)
    at = losses.argmin()
    assert found.loss is not None
    assert found.loss <= losses[at] + 1e-12
    assert found.loss == pytest.approx(losses[at], rel=1e-8)
    assert found.params == pytest.approx(sizes[at], rel=1e-3)
    assert found.train_flops == pytest.approx(10**log_flops, rel=1e-9)
    assert found.params_active == pytest.approx(found.params * 12 / 516)


@settings(max_examples=15, deadline=None)
@given(st.floats(1.5, 3.0), st.floats(9, 15))
def test_the_cheapest_life_is_that_of_brute_force(fine: Mixture, loss: float, log_served: float) -> None:
    """Of a loss and inference tokens: finer and finer grids of size, for every granularity."""
    served, least = 10**log_served, np.inf
    for granularity in GRAINS:
        grain = FineGrained(64, granularity, (6, 2), (14, 6), 64)
        middle, half = 25.0, 14.0
        for _ in range(5):
            sizes = np.exp(middle + np.linspace(-half, half, 2001))
            short = loss - loss_by_hand(sizes, np.inf, granularity)
            with np.errstate(all="ignore"):
                tokens = np.where(short > 0, (VALUES["b"] / short) ** (1 / VALUES["beta"]), np.inf)
            cost = grain.train(sizes) * tokens + grain.inference(sizes) * served
            at = cost.argmin()
            middle, half = float(np.log(sizes[at])), half / 200
        least = min(least, float(cost[at]))
    found = planned(fine, Request(loss=loss, inference_tokens=served))
    assert found.plan.total_flops <= least * (1 + 1e-9)
    assert found.plan.total_flops == pytest.approx(least, rel=1e-5)
    assert found.plan.loss == pytest.approx(loss, rel=1e-9)
    assert found.baseline.total_flops >= found.plan.total_flops * (1 - 1e-9)
    assert found.baseline.train_flops <= found.plan.train_flops * (1 + 1e-9)


def test_the_best_granularity_of_the_paper(fine: Mixture) -> None:
    """Table 2: active parameters in billions, granularity, billions of tokens, loss."""
    for active, granularity, tokens, loss in (
        (0.1, 8, 4.37, 3.133),
        (1, 16, 28.94, 2.491),
        (7, 32, 137.6, 2.076),
        (1000, 64, 7940, 1.367),
    ):
        found = planned(fine, Request(like_params=active * 1e9 * 516 / 12)).plan
        assert found.granularity == granularity
        assert found.tokens == pytest.approx(tokens * 1e9, rel=0.05)
        assert found.loss == pytest.approx(loss, abs=0.02)


def test_what_is_searched_is_as_good_as_each_of_it(fine: Mixture) -> None:
    searched = planned(fine, Request(flops=1e21, inference_tokens=1e12))
    assert any("is the best of 1, 2, 4" in note for note in searched.notes)
    for granularity in GRAINS:
        one = planned(fine, Request(flops=1e21, inference_tokens=1e12, granularity=granularity))
        assert one.plan.granularity == granularity
        assert one.baseline.loss >= searched.baseline.loss  # type: ignore[operator]
        assert not any("is the best of" in note for note in one.notes)


def test_three_ways_to_say_a_quality_are_one(fine: Mixture, joint: Mixture) -> None:
    for law in (fine, joint):
        by_flops = planned(law, Request(flops=1e21, inference_tokens=1e11))
        base = by_flops.baseline
        for same in (Request(loss=base.loss), Request(like_params=base.params)):
            other = planned(law, Request(loss=same.loss, like_params=same.like_params, inference_tokens=1e11))
            assert other.baseline.tokens == pytest.approx(base.tokens, rel=1e-6)
            assert other.plan.params == pytest.approx(by_flops.plan.params, rel=1e-6)
            assert (other.plan.granularity, other.plan.experts) == (by_flops.plan.granularity, by_flops.plan.experts)


def test_active_parameters_are_what_is_paid_for(joint: Mixture) -> None:
    """Table 1 of arXiv:2502.05172: 1e21 FLOP, 8 experts."""
    found = planned(joint, Request(flops=1e21, experts=8, inference_tokens=0)).plan
    assert found.params_active == found.params == pytest.approx(3.8e9, rel=0.02)
    assert found.tokens == pytest.approx(44.3e9, rel=0.02)
    assert 6 * found.params_active * found.tokens == pytest.approx(1e21)
    assert found.params_total
    assert 3 * found.params < found.params_total < 8 * found.params
    dense = planned(joint, Request(flops=1e21, experts=1)).plan
    assert dense.params_total is None


def test_tables_are_of_the_granularity_of_the_plan(fine: Mixture) -> None:
    answer = planned(fine, Request(flops=1e21, inference_tokens=1e12))
    for row in iso_cost(answer):
        assert row.model.total_flops == pytest.approx(answer.plan.total_flops, rel=1e-9)
        assert row.excess_loss >= -1e-12
    for row in iso_loss(answer):
        assert row.model.loss == pytest.approx(answer.plan.loss, rel=1e-9)
        assert row.model.granularity == answer.plan.granularity
        assert row.model.total_flops >= answer.plan.total_flops * (1 - 1e-9)


def test_what_was_never_tested_is_said(fine: Mixture, joint: Mixture) -> None:
    (far, *_) = planned(fine, Request(flops=1e25)).notes
    assert "64 of granularity are 4 times the most in the paper's runs (16)" in far
    (many, *_) = planned(joint, Request(flops=1e20, experts=64)).notes
    assert "64 of experts are 2 times the most in the paper's runs (32)" in many
    most = planned(joint, Request(flops=1e20))
    assert most.plan.experts == 32
    assert any("memory is not counted" in note for note in most.notes)


# what is refused


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"experts": 8.0}, r"krajewski2024-e64 knows nothing of --experts 8: it takes --granularity"),
        ({"active_share": 0.1}, r"says itself what is active: leave out --active-share 0\.1"),
        ({"unique_tokens": 1e9}, "fine_grained knows nothing of repeated tokens"),
        ({"granularity": 0.5}, r"--granularity 0\.5: write a number from 1"),
        ({"granularity": float("nan")}, "--granularity nan: write a number from 1"),
        ({"experts": 0.0}, "--experts 0: write a number from 1"),
        (
            {"hardware": "H100-80GB", "utilisation": "modelled"},
            "the step time of a mixture of experts is not known",
        ),
    ],
)
def test_nonsense_is_named(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(Misuse, match=message):
        plan("krajewski2024-e64", flops=1e21, **asked)


def test_a_loss_below_the_end_is_named() -> None:
    with pytest.raises(Misuse, match=r"no model has a loss of 0\.4 by fine_grained with krajewski2024-e64: it ends"):
        plan("krajewski2024-e64", loss=0.4)


@pytest.mark.parametrize("name", ["hoffmann2022-tex", "quokka2025-approach1"])
def test_a_dense_law_has_no_granularity(name: str) -> None:
    with pytest.raises(Misuse, match=f"{name} knows nothing of --granularity 16: it is for laws of mixtures"):
        plan(name, flops=1e21, granularity=16)


def test_a_law_without_tokens_is_no_plan() -> None:
    with pytest.raises(Misuse, match="no plan with clark2022-hash: its form, log10 L"):
        plan("clark2022-hash", flops=1e21)


def test_what_a_law_takes_besides_must_be_held(fine: Mixture) -> None:
    with pytest.raises(Misuse, match="fine_grained takes params, tokens, granularity"):
        Coefficients("unsettled", "", fine.law, fine.values)
