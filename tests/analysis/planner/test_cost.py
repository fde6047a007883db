"""Life-time cost against brute force, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.planner.cost import Plan, Prices, cheapest, frontier_of_loss, frontier_of_size, loss_of
from scalebook.corpus.errors import Misuse

LAW = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}


def brute(loss: float, inference: float) -> tuple[float, float]:
    """Least total FLOPs over a fine grid of sizes of that loss, and its size."""
    excess = loss - LAW["E"]
    least = (LAW["A"] / excess) ** (1 / LAW["alpha"])
    params = least * np.exp(np.geomspace(1e-4, 20, 400_000))
    tokens = (LAW["B"] / (excess - LAW["A"] * params ** -LAW["alpha"])) ** (1 / LAW["beta"])
    total = 6 * params * tokens + 2 * params * inference
    k = int(np.argmin(total))
    return float(total[k]), float(params[k])


@settings(max_examples=25, deadline=None)
@given(st.floats(1.75, 3.5), st.floats(8, 15))
def test_agrees_with_brute_force(loss: float, log_inference: float) -> None:
    plan = cheapest(LAW, loss, 10**log_inference)
    total, params = brute(loss, 10**log_inference)
    assert loss_of(LAW, plan) == pytest.approx(loss, rel=1e-9)
    assert plan.total_flops <= total * (1 + 1e-9)
    assert plan.total_flops == pytest.approx(total, rel=1e-6)
    assert plan.params == pytest.approx(params, rel=1e-2)


@given(st.floats(1.75, 3.5))
@settings(max_examples=25, deadline=None)
def test_without_inference_it_is_the_frontier(loss: float) -> None:
    plan, frontier = cheapest(LAW, loss, 0.0), frontier_of_loss(LAW, loss)
    assert plan.params == pytest.approx(frontier.params, rel=1e-6)
    assert plan.tokens == pytest.approx(frontier.tokens, rel=1e-6)
    assert frontier_of_size(LAW, frontier.params).tokens == pytest.approx(frontier.tokens, rel=1e-9)


def test_more_inference_makes_models_smaller() -> None:
    plans = [cheapest(LAW, 2.0, t) for t in (0.0, 1e11, 1e12, 1e13, 1e15)]
    assert np.all(np.diff([p.params for p in plans]) < 0)
    assert np.all(np.diff([p.tokens for p in plans]) > 0)


def test_a_loss_that_no_model_has_is_refused() -> None:
    with pytest.raises(Misuse, match=r"no model of this law has a loss of 1\.5: it ends at 1\.69"):
        cheapest(LAW, 1.5, 1e12)
    with pytest.raises(Misuse, match="write a number from 0"):
        cheapest(LAW, 2.0, -1.0)


def test_dollars_by_hand() -> None:
    prices = Prices(train=2e-18, inference=1e-18, train_use=0.5, input_use=0.4, output_use=0.2)
    assert prices.effective_tokens(4.0, 2.0) == pytest.approx(0.5 * 0.5 * (10 + 10))
    plan = Plan(1e9, 1e10, prices.effective_tokens(4e9, 2e9))
    train = 6e19 * 2e-18 / 0.5
    serve = 2e9 * 1e-18 * (4e9 / 0.4 + 2e9 / 0.2)
    assert plan.dollars(prices) == pytest.approx(train + serve)
