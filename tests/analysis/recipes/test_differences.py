"""Differences of recipes: matched designs, what pairs of the corpus show, and probabilities that come out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.points import Points, points_of_families
from scalebook.analysis.recipes.decide import BITS, UNIT_NOISE, decide
from scalebook.analysis.recipes.differences import COLUMNS, WAYS, differences, differences_of, odds_of
from scalebook.analysis.recipes.odds import learn
from scalebook.analysis.recipes.pairs import Matched, matched, pairs_of
from scalebook.analysis.recipes.reliability import by_way, came_out, judged, reliability, tells
from scalebook.analysis.recipes.speed_up import RUN_NOISE, at_target, equivalent, fit_curve, speed_ups
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse


@pytest.fixture(scope="module")
def corpus(kept: Path) -> Iterator[Corpus]:
    with pytest.MonkeyPatch.context() as patch, open_corpus() as found:
        patch.setenv("SCALEBOOK_CACHE", str(kept))
        yield found


@pytest.fixture(scope="module")
def rows(corpus: Corpus) -> pd.DataFrame:
    return differences(corpus)


def recipe(name: str, gain: float = 0.0, *, lengths: tuple[float, ...] = (20.0, 40.0, 80.0, 160.0)) -> Points:
    """Five sizes of several lengths, by a Chinchilla law."""
    params = np.repeat(np.geomspace(2e7, 2e9, 5), len(lengths))
    tokens = params * np.tile(lengths, 5)
    loss = (1.7 + 400 * params**-0.34 + 1000 * tokens**-0.3) * np.exp(-gain)
    runs = np.array([f"{name}{k}" for k in range(len(params))], object)
    flops = 6 * params * tokens
    return Points(name, {"run": runs, "params": params, "tokens": tokens, "loss": loss, "flops": flops})


def test_matched_designs_are_the_last_losses_of_both() -> None:
    first, second = recipe("a", 0.02), recipe("b", lengths=(20.0, 43.0, 60.0))
    found = matched(first, second)
    assert sorted(set(np.round(found.tokens / found.params))) == [20.0, 40.0]
    twenty = found.where(np.round(found.tokens / found.params) == 20)
    np.testing.assert_allclose(twenty.gain, 0.02, atol=1e-12)
    back = matched(second, first)
    assert len(back) == len(found)
    np.testing.assert_allclose(back.gain, -found.gain, atol=1e-12)


def test_repeated_runs_of_a_design_are_averaged() -> None:
    one = recipe("a")
    twice = Points("c", {n: np.concatenate([v, v]) for n, v in one.columns.items()})
    twice.columns["run"][len(one) :] += "again"
    twice.columns["loss"][len(one) :] *= np.exp(0.02)
    np.testing.assert_allclose(matched(one, twice).gain, 0.01, atol=1e-12)


def test_pairs_are_measured_alike(corpus: Corpus) -> None:
    pairs = pairs_of(corpus)
    named = {(a.family, b.family) for a, b in pairs}
    assert ("gadre-c4", "gadre-redpajama") in named
    assert ("pythia", "pythia-deduped") in named
    assert ("optimizer-sweep-adamw", "optimizer-sweep-muon") in named
    assert all(a.unit == b.unit and a.related == b.related for a, b in pairs)
    assert not any({a, b} == {"porian-owt2-tuned-short-const", "porian-rw-tuned-short-const"} for a, b in named)


def test_forecasts_of_a_pair_by_hand(corpus: Corpus) -> None:
    first, second = points_of_families(corpus, ["llm-line-mamba", "llm-line-mamba2"])
    rows = differences_of([(first, second)])
    assert tuple(rows) == COLUMNS
    every = matched(first, second)
    top = rows.sort_values("params").iloc[-1]
    assert top["observed"] == every.gain[-1]
    assert top["largest"] == every.gain[-2]
    assert top["mean"] == pytest.approx(np.mean(every.gain[:-1]))
    assert (top["designs"], top["sizes"]) == (4, 4)
    line = np.polyfit(np.log(every.params[:-1] * every.tokens[:-1]), every.gain[:-1], 1)
    assert top["trend"] == pytest.approx(np.polyval(line, np.log(every.params[-1] * every.tokens[-1])))


def test_probabilities_come_out(rows: pd.DataFrame) -> None:
    assert rows["related"].nunique() >= 9
    told = by_way(rows)
    assert list(told.index) == list(WAYS)
    brier = told["brier"].to_dict()
    assert brier["largest"] < brier["laws"]
    assert brier["largest"] < 0.25  # of saying one half
    assert abs(told["said"]["largest"] - told["right"]["largest"]) < 0.06
    assert 0.8 < told["in_90"]["largest"] < 0.96


def test_the_table_of_reliability_counts_every_forecast(rows: pd.DataFrame) -> None:
    told = judged(rows)
    table = reliability(told)
    assert table["forecasts"].sum() == len(told)
    assert told["probability"].between(0.5, 1).all()
    assert table["right"].iloc[-1] > table["right"].iloc[0] + 0.2


def test_only_two_laws_tell_no_more_than_a_share(rows: pd.DataFrame) -> None:
    assert [way for way in WAYS if not tells(judged(rows, way))] == ["laws"]
    one = rows[rows["related"] == "gadre"]
    assert not tells(judged(one))


def test_how_often_such_a_probability_came_out(rows: pd.DataFrame) -> None:
    table = reliability(judged(rows))
    for probability, name in ((0.5, "below 0.6"), (0.6, "0.6 to 0.7"), (0.95, "0.9 to 1.0"), (1.0, "0.9 to 1.0")):
        found = came_out(table, probability)
        assert found is not None
        assert (found["probability"], found["right"]) == (name, table.loc[name, "right"])
    assert came_out(table.drop("below 0.6"), 0.5) is None


def test_no_pair_of_the_corpus_looks_like_bits_beside_nats(corpus: Corpus) -> None:
    gains = [found.gain for pair in pairs_of(corpus) if len(found := matched(*pair))]
    assert len(gains) >= 523
    assert min(np.abs(np.abs(gain) - BITS).max() for gain in gains) > 1.3 * UNIT_NOISE


def test_a_group_does_not_judge_itself(rows: pd.DataFrame) -> None:
    spoilt = rows.copy()
    mine = spoilt["related"] == "marin-optimizers"
    spoilt.loc[mine, "observed"] *= -1
    before, after = judged(rows), judged(spoilt)
    np.testing.assert_array_equal(before.loc[mine, "probability"], after.loc[mine, "probability"])
    assert odds_of(rows, without="gadre").groups == odds_of(rows).groups - 1


@settings(max_examples=30, deadline=None)
@given(st.floats(0.005, 0.05), st.floats(0.0, 0.2), st.integers(0, 100))
def test_probabilities_are_right_on_what_they_were_learnt_like(scatter: float, shrink: float, seed: int) -> None:
    """Gains that come out with scatter, and smaller by a share of it: new ones keep the sign as often as is said."""
    rng = np.random.default_rng(seed)
    gain = 0.03 * rng.normal(size=4000)
    observed = gain - shrink * scatter * np.sign(gain) + scatter * rng.normal(size=4000)
    half = len(gain) // 2
    odds = learn(gain[:half], observed[:half], np.zeros(half), np.ones(half), half)
    said = odds.right_sign(gain[half:], 0.0)
    right = np.sign(gain[half:]) == np.sign(observed[half:])
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.06)
    ends = np.array([odds.interval(g, 0.0, 0.9) for g in gain[half : half + 400]]).T
    inside = (ends[0] <= observed[half : half + 400]) & (observed[half : half + 400] <= ends[1])
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)


def test_the_other_order_is_the_other_sign(rows: pd.DataFrame) -> None:
    odds = odds_of(rows)
    low, high = odds.interval(0.01, 0.004, 0.8)
    assert odds.interval(-0.01, 0.004, 0.8) == (-high, -low)
    assert odds.right_sign(0.01, 0.004) == odds.right_sign(-0.01, 0.004)
    assert odds.right_sign(0.0, 0.004) == 0.5


def test_a_gain_that_grows_with_scale_is_seen_in_the_trend(rows: pd.DataFrame) -> None:
    base = recipe("b")
    slope = 0.01 * np.log(base["flops"] / 1e18)
    better = Points("a", {**base.columns, "loss": base["loss"] * np.exp(-slope)})
    found = decide(better, base, 1e10, 2e11, rows)
    assert found.forecast.by["trend"] == pytest.approx(0.01 * np.log(6 * 1e10 * 2e11 / 1e18), rel=1e-6)
    assert found.forecast.by["trend"] > found.forecast.by["largest"]


def test_units_and_bases_are_refused() -> None:
    one = recipe("a")
    other = Points("b", one.columns, "nats/byte")
    with pytest.raises(Misuse, match="can only be compared on one metric"):
        decide(one, other, 1e10, 2e11, pd.DataFrame())
    total, active = (
        Points(n, {**one.columns, "params_basis": np.full(len(one), b, object)})
        for n, b in (("a", "total"), ("b", "active"))
    )
    with pytest.raises(Misuse, match="a counts parameters as total and b as active"):
        decide(total, active, 1e10, 2e11, pd.DataFrame())


# speed-up


def test_a_speed_up_of_known_size_is_found() -> None:
    """A recipe that learns from two tokens what the other learns from three."""
    old = recipe("b")
    loss = 1.7 + 400 * old["params"] ** -0.34 + 1000 * (1.5 * old["tokens"]) ** -0.3
    new = Points("a", {**old.columns, "loss": loss})
    found = speed_ups(new, old)
    assert len(found) == len(old)
    assert [one.value for one in found] == pytest.approx([1.5] * len(found), rel=1e-4)
    assert all(one.low < 1.5 < one.high for one in found)
    assert [(one.params, one.tokens) for one in found] == sorted((one.params, one.tokens) for one in found)


def test_a_loss_below_the_floor_is_never_reached() -> None:
    curve = recipe("b").where(recipe("b").level == 0)
    fitted = fit_curve(curve)
    value, _low, high = equivalent(fitted, fitted.values["E"] - 0.1, 1e9)
    assert value == high == np.inf
    assert at_target(fitted, 2e7, 1e9, 5.0) == np.inf
    assert at_target(fitted, 2e7, 1e9, -5.0) == 0.0
    assert at_target(fitted, 2e7, 1e9, 0.0) == pytest.approx(1.0)


def test_run_noise_is_that_of_repeated_recipes(corpus: Corpus) -> None:
    ((deviation,),) = corpus.rows(
        "with spread as (select stddev_samp(loss) as deviation from final_losses join runs using (run)"
        " where runs.source = 'modded-nanogpt' and replicate_group is not null and unit = 'nats/token'"
        " group by replicate_group having count(*) >= 5) select median(deviation) from spread"
    )
    assert deviation == pytest.approx(RUN_NOISE, rel=0.05)


def test_levels_of_matched_designs() -> None:
    found = Matched(np.array([1e7, 1.1e7, 2e7]), np.full(3, 1e9), np.zeros(3))
    assert found.level.tolist() == [0, 0, 1]
