from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scalebook
from scalebook.analysis.engine.record import missed
from scalebook.analysis.estimation import Cluster, Options, estimate
from scalebook.analysis.fit import bootstrap, fit
from scalebook.analysis.law import laws
from scalebook.analysis.points import Points, family_points
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

#: The contract with scripts that read `scalebook fit --json`.
CONTRACT = {
    "law",
    "family",
    "n_points",
    "n_runs",
    "objective",
    "delta",
    "value",
    "coefficients",
    "status",
    "starts",
    "starts_agreeing",
    "seconds",
}
BY_RUN_AND_POINT: tuple[Cluster, Cluster] = ("run", "none")


@pytest.fixture
def one(small: Corpus) -> Points:
    return family_points(small, "one")


def test_is_the_fit_of_the_engine_with_runs_as_clusters(one: Points) -> None:
    found = estimate(one, "chinchilla", Options(objective="lsq-log", starts=6, seed=3, level=0.8))
    plain = fit(laws["chinchilla"], one.columns, objective="lsq-log", clusters=one["run"], starts=6, seed=3, level=0.8)
    assert found.fit.coefficients == plain.coefficients
    assert (found.fit.status, found.fit.value) == ("converged", plain.value)
    truth = {"E": 1.8, "A": 300.0, "B": 2000.0, "alpha": 0.33, "beta": 0.36}
    assert found.fit.values == pytest.approx(truth, rel=0.1)


def test_says_what_the_contract_says(one: Points) -> None:
    said = estimate(one, "CHINCHILLA", Options(highest_losses=2, early_tokens=1e9)).as_dict()
    assert set(said) >= CONTRACT
    beyond = int((one["tokens"] >= 1e9).sum())
    assert (said["law"], said["family"], said["unit"]) == ("chinchilla", "one", "nats/token")
    assert said["n_points"] == beyond - 2
    assert said["n_dropped"] == 60 - beyond + 2
    assert said["n_runs"] == len(set(one["run"][one["tokens"] >= 1e9]))
    assert set(said["coefficients"]) == {"E", "A", "B", "alpha", "beta"}
    for coefficient in said["coefficients"].values():
        assert set(coefficient) == {"value", "se", "low", "high"}
        assert coefficient["low"] < coefficient["value"] < coefficient["high"]


def test_points_that_are_left_out_take_no_part(one: Points) -> None:
    keep = one["tokens"] >= 1e9
    by_hand = one.where(keep)
    assert estimate(one, "compute", Options(early_tokens=1e9)).fit.value == estimate(by_hand, "compute").fit.value


def test_what_counts_as_independent_changes_errors_and_nothing_else(one: Points) -> None:
    by_run, by_point = (estimate(one, "compute", Options(cluster=c)).fit for c in BY_RUN_AND_POINT)
    assert by_run.values == by_point.values
    assert by_run.coefficients["a"].se != by_point.coefficients["a"].se
    with pytest.raises(Misuse, match="use --cluster run or --cluster none"):
        estimate(one, "compute", Options(cluster="family"))


def test_bootstrap_errors_are_those_of_the_refits(one: Points) -> None:
    found = estimate(one, "chinchilla", Options(bootstraps=200, cluster="none", seed=5)).fit
    plain = fit(laws["chinchilla"], one.columns, starts=16, seed=5)
    drawn = bootstrap(laws["chinchilla"], one.columns, plain, 200, seed=5)
    alphas = drawn.values[drawn.converged, drawn.names.index("alpha")]
    estimated = found.coefficients["alpha"]
    assert estimated.value == plain.values["alpha"]
    assert estimated.se == pytest.approx(np.std(alphas, ddof=1))
    assert (estimated.low, estimated.high) == pytest.approx(np.quantile(alphas, [0.025, 0.975]))


def test_a_law_that_is_not_determined_is_not_resampled(small: Corpus) -> None:
    pair = family_points(small, "pair")
    found = estimate(pair, "chinchilla", Options(bootstraps=200)).fit
    assert found.status == "not_identified"
    assert np.isnan([e.se for e in found.coefficients.values()]).all()


@pytest.mark.parametrize(
    ("law", "options", "error", "words"),
    [
        ("chinchila", {}, UnknownName, r"no law named 'chinchila'; did you mean 'chinchilla'\?"),
        ("compute", {"objective": "hubber"}, UnknownName, r"no objective named 'hubber'; did you mean 'huber'\?"),
        ("compute", {"delta": -1.0}, Misuse, "delta is -1.0; it must be positive"),
        ("compute", {"starts": 0}, Misuse, "starts is 0; it must be a whole number, at least 1"),
        ("compute", {"level": 95.0}, Misuse, "level is 95.0; it must be between 0 and 1"),
        ("compute", {"early_tokens": 1e20}, Misuse, "no point of 'one' remains: 60 were left out"),
        ("compute", {"bootstraps": 40}, Misuse, "fewer than 4 of 40 refits; ask for 200 or more"),
        ("compute", {"bootstraps": -5}, Misuse, "bootstraps is -5; it must be a whole number, at least 0"),
        ("compute", {"highest_losses": -5}, Misuse, "highest_losses is -5; it must be a whole number, at least 0"),
        ("last_seen", {"bootstraps": 10}, Misuse, "last_seen is read off, not fitted"),
    ],
)
def test_misuse_says_what_is_allowed(one: Points, law: str, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        estimate(one, law, Options(**options))


def test_a_column_that_the_law_needs_is_named(one: Points) -> None:
    without = Points("mine", {name: values for name, values in one.columns.items() if name != "flops"})
    with pytest.raises(Misuse, match="no column 'flops'"):
        estimate(without, "compute")


def test_the_front_door_takes_a_name_a_frame_or_points(
    one: Points, small_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))
    frame = pd.DataFrame(one.columns).drop(columns="unique_tokens").assign(note="text")
    found = [scalebook.fit(data, "compute", starts=4) for data in ("one", one, frame)]
    assert [f.fit.value for f in found] == [found[0].fit.value] * 3
    assert [f.points.family for f in found] == ["one", "one", "runs"]
    with pytest.raises(UnknownName, match="no column named 'run'"):
        scalebook.fit(frame.drop(columns="run"), "compute")
    with pytest.raises(UnknownName, match=r"no family named 'onne'; did you mean 'one'\?"):
        scalebook.fit("onne", "compute")


def test_more_starts_are_tried_until_enough_agree() -> None:
    """Of Cerebras-GPT, trained on 20 tokens per parameter, few starts find the minimum, and terms may change places."""
    with open_corpus(own_runs=False) as corpus:
        points = family_points(corpus, "cerebras-gpt")
    found = estimate(points, "chinchilla").fit
    assert found.starts == 64
    assert found.starts_agreeing >= 5
    assert found.status == "not_identified"
    assert found.reason.startswith("A and B may change places (params and tokens move together)")
    few = fit(laws["chinchilla"], points.columns)
    assert few.value == pytest.approx(found.value, rel=1e-9)
    assert estimate(points, "compute").fit.starts == 16


def test_a_lower_minimum_may_have_been_missed() -> None:
    assert missed(16, 2) == pytest.approx(0.118, abs=1e-3)
    assert missed(16, 16) == 0.0
    assert missed(64, 13) < 1e-6
    assert missed(8, 0) == 1.0


@pytest.mark.parametrize("given", [str, Path])
def test_a_file_where_a_family_is_expected_says_how_files_are_read(tmp_path: Path, given: type) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("run,params,tokens,loss\n")
    with pytest.raises(Misuse, match=r"mine\.csv is no family; a file is read first: give scalebook\.load_runs\('"):
        scalebook.predict(given(file), 1e9, 2e10)
    with pytest.raises(UnknownName, match="no family named 'gpt33'"):
        scalebook.predict("gpt33", 1e9, 2e10)


def test_intervals_of_refits_end_where_coefficients_do() -> None:
    """Five noisy runs: moved out, the ends of E and alpha would be negative."""
    rng = np.random.default_rng(2)
    params = np.repeat([5e7, 1e8, 2e8, 4e8, 8e8], 5)
    tokens = params * np.tile([5.0, 10.0, 20.0, 40.0, 80.0], 5)
    loss = 1.82 + 480 * params**-0.348 + 2090 * tokens**-0.366
    loss *= np.exp(np.repeat(rng.normal(0, 0.02, 5), 5) + rng.normal(0, 0.002, 25))
    run = np.repeat(np.array(["a", "b", "c", "d", "e"], object), 5)
    points = Points("made", {"run": run, "params": params, "tokens": tokens, "loss": loss})
    found = estimate(points, "chinchilla", Options(bootstraps=200)).fit
    assert "moved out" in found.interval_by
    for name, told in found.coefficients.items():
        assert laws["chinchilla"].coefficients[name].low <= told.low <= told.high
    assert any(told.low == 0 for told in found.coefficients.values())
