"""Forecasts of runs that a known law made, and what is said of those that cannot be relied on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalebook.analysis.forecast.forecast import forecast, parts_shared
from scalebook.analysis.points import families_with_points, points_of_families
from scalebook.corpus.database import open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

from .made import law, points  # noqa: TID251 (this folder, not the package)


def test_a_known_law_is_forecast() -> None:
    told = forecast(points(noise=0.002), 8e9, 3.2e11).told[0]
    assert told.low < law(8e9, 3.2e11) < told.high
    assert told.prediction == pytest.approx(law(8e9, 3.2e11).item(), rel=0.02)
    assert told.params_ratio == pytest.approx(8.0)
    assert sum(parts_shared(told.parts).values()) == pytest.approx(1.0)
    assert told.groups >= 5


def test_farther_is_less_sure_and_a_higher_level_wider() -> None:
    runs = points(noise=0.002)
    near, far = forecast(runs, [2e9, 3e10], [8e10, 1.2e12]).told
    assert np.log(far.high / far.low) > np.log(near.high / near.low)
    wide = forecast(runs, 2e9, 8e10, level=0.95).told[0]
    assert wide.sd == near.sd == pytest.approx(np.log(near.high / near.low) / 2 / 1.6448536)
    assert wide.low < near.low < near.high < wide.high


def test_order_and_unit_do_not_matter() -> None:
    runs = points(noise=0.002)
    order = np.random.default_rng(0).permutation(len(runs))
    mixed = replace(runs, columns={name: values[order] for name, values in runs.columns.items()})
    bits = points(noise=0.002, unit=1 / np.log(2))
    first, second, third = (forecast(p, 8e9, 3e11).told[0] for p in (runs, mixed, bits))
    assert second.prediction == pytest.approx(first.prediction, rel=1e-6)
    assert third.prediction == pytest.approx(first.prediction / np.log(2), rel=1e-4)


def test_a_curve_of_a_half_trained_run() -> None:
    whole = points(sizes=5, checkpoints=20)
    half = whole.where((whole["params"] < 9e8) | (whole.progress <= 0.5))
    lengths = [2.5e10, 3e10, 4e10]
    told = forecast(half, 1e9, lengths).told
    assert [t.prediction for t in told] == sorted((t.prediction for t in told), reverse=True)
    for one, tokens in zip(told, lengths, strict=True):
        assert one.low <= law(1e9, tokens) <= one.high


def test_one_run_borrows_and_says_so() -> None:
    found = forecast(points(sizes=1), 1e9, 4e10)
    assert found.told[0].low < law(1e9, 4e10) < found.told[0].high
    assert "taken from other families (there is one size)" in " ".join(found.warnings)
    assert len(found.held_out) == 1


def test_leaning_on_siblings_moves_the_forecast() -> None:
    runs = points(sizes=1)
    alone, leaning = forecast(runs, 1e10, 4e11).told[0], forecast(runs, 1e10, 4e11, like=["gadre-c4"]).told[0]
    assert alone.prediction != leaning.prediction
    with pytest.raises(UnknownName, match="gadre-c4"):
        forecast(runs, 1e10, 4e11, like=["gadre-c5"])


def test_runs_at_one_ratio_do_not_tell_data_from_size() -> None:
    ends = points(sizes=6, checkpoints=1)
    told = " ".join(forecast(ends, 1e10, 4e11).warnings)
    assert "about 40 tokens per parameter" in told or not told


def test_one_law_alone() -> None:
    found = forecast(points(noise=0.002), 8e9, 3.2e11, law="chinchilla")
    assert found.told[0].prediction == pytest.approx(law(8e9, 3.2e11).item(), rel=0.02)
    assert [s.name for s in found.shares] == ["chinchilla"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"params": 0.0, "tokens": 1e9}, "a target of 0 params is none that is trained: write them out, such as 7e9"),
        ({"params": 1e30, "tokens": 1e9}, r"a target of 1e\+30 params is none that is trained"),
        ({"params": 1e9, "tokens": float("inf")}, "a target of inf tokens"),
        ({"params": 7.0, "tokens": 1e9}, "a target of 7 params"),
        ({"params": 1e9, "tokens": float("nan")}, "a target of nan tokens"),
        ({"params": [1e9, 2e9], "tokens": [1e9, 2e9, 3e9]}, "2 sizes and 3 numbers of tokens"),
        ({"params": 1e9, "tokens": 1e9, "level": 90}, "level is 90: write a share"),
        ({"params": 1e9, "tokens": 1e9, "law": "loss_to_error"}, "does not predict a loss from params and tokens"),
        ({"params": 1e9, "tokens": 1e9, "law": "compute", "like": ["gpt3"]}, "borrows nothing"),
    ],
)
def test_misuse_is_told(call: dict[str, object], message: str) -> None:
    with pytest.raises(Misuse, match=message):
        forecast(points(), **call)  # type: ignore[arg-type]


def test_a_law_that_is_not_determined_is_refused() -> None:
    with pytest.raises(Misuse, match=r"chinchilla is not determined by made: .*--law auto forecasts all the same"):
        forecast(points(sizes=1), 1e9, 1e10, law="chinchilla")


def test_mixed_counts_are_refused() -> None:
    runs = points()
    basis = np.where(runs["params"] > 1e8, "total", "non_embedding").astype(object)
    mixed = replace(runs, columns={**runs.columns, "params_basis": basis})
    with pytest.raises(Misuse, match="the size of its models is counted in 2 ways"):
        forecast(mixed, 1e10, 1e11)
    found = forecast(mixed, 1e10, 1e11, allow_mixed=True)
    assert found.told
    assert "they were taken together, as was asked for" in found.warnings[0]


def test_families_that_mix_annealed_and_not_are_few() -> None:
    with open_corpus() as corpus:
        families = points_of_families(corpus, families_with_points(corpus, sizes=1, scaled_only=False))
    said = {p.family: " ".join(forecast(p, 4 * p["params"].max(), 4 * p["tokens"].max()).warnings) for p in families}
    ends = {name for name, words in said.items() if "do not lie on one law" in words}
    assert ends == {"haegele-210m", "haegele-openwebtext2-wsd", "haegele-slimpajama-wsd", "schaipp-124m-wsd"}
    rests = {name for name, words in said.items() if "of the peak learning rate of runs that end annealed" in words}
    assert len(rests) <= 0.06 * len(families)
    assert all(name.startswith("datablations") for name in rests)


@pytest.mark.parametrize("shares", [(0.1, 1.0), (1.0, 0.02), (0.1, 0.02)])
def test_below_all_runs_a_forecast_is_no_surer_than_it_says_of_itself(shares: tuple[float, float]) -> None:
    """Only forecasts of larger models were rehearsed."""
    runs = points(noise=0.002)
    least = runs["params"].min(), runs["tokens"].min()
    found = forecast(runs, least[0] * shares[0], least[1] * shares[1])
    assert any("only forecasts of larger models were rehearsed" in w for w in found.warnings)
    assert found.told[0].reach >= 1.644
    assert not any("were rehearsed" in w for w in forecast(runs, *least).warnings)


def test_cautions() -> None:
    far = forecast(points(), 1e15, 1e16).warnings
    assert "the interval is a guess" in far[0]
    short = forecast(points(), 1e10, 1e13).warnings
    assert any("promised too low a loss for over-trained models" in w for w in short)
    ends = forecast(points(checkpoints=1), 1e10, 1e13).warnings
    assert any("tokens per parameter and the runs 40: laws fitted" in w for w in ends)
    brief = " ".join(forecast(points(checkpoints=1), 1e10, 1e10).warnings)
    assert "1 tokens per parameter and the runs 40: no run is as short for its size" in brief
    runs = points()
    rate = np.where(runs["params"] > 1e8, 0.9, 0.1)
    half = replace(runs, columns={**runs.columns, "learning_rate": rate, "peak_learning_rate": np.ones(len(runs))})
    assert any("do not lie on one law" in w for w in forecast(half, 1e10, 4e11).warnings)
    falling = replace(runs, columns={**runs.columns, "learning_rate": 1.01 - runs.progress})
    above = "of the forecast rests on laws that are fitted to checkpoints too, 24 of them at more than 60% of the peak"
    told = forecast(falling, 1e10, 4e11, law="chinchilla").warnings
    assert any(w.startswith("100% " + above) for w in told)
    assert not any("do not lie on one law" in w for w in told)
    again = replace(runs, columns={**runs.columns, "unique_tokens": runs.run_tokens / 8})
    assert any("repeat their data up to 8 times" in w for w in forecast(again, 1e10, 4e11).warnings)
