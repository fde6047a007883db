from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.error import over_families, relative_error
from scalebook.corpus.errors import UnknownName

LOSS = st.floats(0.1, 20)


@given(st.lists(st.tuples(LOSS, LOSS), min_size=1, max_size=20), st.floats(0.01, 100))
def test_a_relative_error_has_no_unit_and_a_sign(pairs: list[tuple[float, float]], unit: float) -> None:
    predicted, observed = np.array(pairs).T
    error = relative_error(predicted, observed)
    assert error == pytest.approx(relative_error(unit * predicted, unit * observed), abs=1e-12)
    assert (np.sign(error) == np.sign(predicted - observed)).all()
    assert observed * (1 + error) == pytest.approx(predicted)


def test_two_groups_by_hand() -> None:
    """Two groups of one family: draws are (1, 1), (1, 3), (3, 1), (3, 3), so medians are 1, 2, 2, 3."""
    wide = over_families([1.0, 3.0], ["a", "b"], level=0.9)
    assert (wide.value, wide.low, wide.high, wide.families, wide.groups) == (2.0, 1.0, 3.0, 2, 2)
    narrow = over_families([1.0, 3.0], ["a", "b"], level=0.3)
    assert (narrow.low, narrow.high) == (2.0, 2.0)


@pytest.mark.parametrize("statistic", ["median", "mean"])
def test_whole_groups_are_redrawn(statistic: Any) -> None:
    """The same draws, carried out one by one with plain lists."""
    values = [0.01, 0.02, 0.03, 0.3, 0.31, 0.9, 0.05]
    groups = ["a", "a", "a", "b", "b", "c", "d"]
    drawn = np.random.default_rng(7).integers(4, size=(60, 4))
    take = getattr(np, statistic)
    within = [take([v for v, mine in zip(values, groups, strict=True) if mine == name]) for name in "abcd"]
    typical = [take([within[g] for g in draw]) for draw in drawn]
    found = over_families(values, groups, statistic=statistic, draws=60, seed=7)
    assert found.value == pytest.approx(take(within))
    assert (found.low, found.high) == pytest.approx(np.quantile(typical, [0.05, 0.95]))
    assert (found.families, found.groups, found.level) == (7, 4, 0.9)


def test_related_families_do_not_make_an_estimate_surer() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(1.0, 0.3, 6)
    copies = np.repeat(own, 10)
    grouped = over_families(copies, np.repeat(list("abcdef"), 10))
    alone = over_families(own, list("abcdef"))
    pretended = over_families(copies, [str(n) for n in range(60)])
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert pretended.high - pretended.low < 0.6 * (grouped.high - grouped.low)


def test_a_group_of_many_families_does_not_outvote_the_others() -> None:
    values = [*np.linspace(9.0, 11.0, 31), 0.1, 0.2]
    found = over_families(values, [*["routed"] * 31, "b", "c"])
    assert (found.value, found.families, found.groups) == (0.2, 33, 3)


def test_a_single_group_gives_no_bounds() -> None:
    found = over_families([1.0, 2.0, 6.0], ["a", "a", "a"])
    assert (found.value, found.low, found.high, found.families, found.groups) == (2.0, -np.inf, np.inf, 3, 1)


def test_what_is_not_finite_is_left_out_with_its_group() -> None:
    with_gaps = over_families([1.0, np.nan, 3.0, np.inf, -np.inf], ["a", "b", "b", "c", "d"])
    assert with_gaps == over_families([1.0, 3.0], ["a", "b"])


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_nothing_gives_nothing(values: list[float]) -> None:
    found = over_families(values, ["a"] * len(values))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.families, found.groups) == (0, 0)


FAMILIES = st.lists(st.tuples(st.floats(1e-4, 10), st.sampled_from("abcdef")), min_size=2, max_size=15)


@settings(max_examples=50, deadline=None)
@given(FAMILIES, st.randoms(use_true_random=False))
def test_order_and_unit_do_not_matter_and_certainty_widens(families: list[tuple[float, str]], random: Any) -> None:
    values, groups = [v for v, _ in families], [g for _, g in families]
    found = over_families(values, groups, draws=200)
    assert min(values) <= found.value <= max(values)
    mixed = random.sample(families, len(families))
    assert over_families([v for v, _ in mixed], [g for _, g in mixed], draws=200) == found
    doubled = over_families(2 * np.array(values), groups, draws=200)
    assert (doubled.value, doubled.low, doubled.high) == pytest.approx((2 * found.value, 2 * found.low, 2 * found.high))
    surer = over_families(values, groups, draws=200, level=0.99)
    assert surer.low <= found.low <= found.high <= surer.high


def test_an_unknown_statistic_is_guessed() -> None:
    statistic: Any = "meen"
    with pytest.raises(UnknownName, match=r"no statistic named 'meen'; did you mean 'mean'\?"):
        over_families([1.0], ["a"], statistic=statistic)
