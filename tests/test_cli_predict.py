"""``scalebook predict`` as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .analysis.forecast.made import law, points

Cli = Callable[..., object]


@pytest.fixture
def my_runs(tmp_path: Path) -> Path:
    runs = points(sizes=5, checkpoints=6, noise=0.002)
    file = tmp_path / "my_runs.csv"
    rows = zip(*(runs[name].tolist() for name in ("run", "params", "tokens", "loss")), strict=True)
    file.write_text("run,params,tokens,loss\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows))
    return file


def test_json_keeps_its_contract(cli, my_runs: Path) -> None:  # type: ignore[no-untyped-def]
    said = cli("predict", my_runs, "--params", "7e9", "--tokens", "2.8e11", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert {"prediction", "low", "high", "level", "extrapolation", "law", "status", "warnings"} <= told.keys()
    assert told["extrapolation"].keys() == {"params_ratio", "tokens_ratio"}
    assert told["low"] < law(7e9, 2.8e11) < told["high"]
    assert told["level"] == 0.9


def test_a_curve_and_a_family_in_words(cli) -> None:  # type: ignore[no-untyped-def]
    said = cli("predict", "cerebras-gpt", "--params", "3e10", "--tokens", "3e11", "--tokens", "6e11")
    assert said.code == 0, said.err
    assert "nats/token" in said.out
    assert "their evidence" in said.out
    assert "unrelated groups" in said.out
    assert said.out.count("3e+10") == 4, "two forecasts and the evidence of both"


def test_evidence_is_told_for_each_target(cli, my_runs: Path) -> None:  # type: ignore[no-untyped-def]
    ask = ("predict", my_runs, "--params", "7e9", "--params", "1e9", "--tokens", "1.4e11", "--tokens", "1e14")
    said, told = cli(*ask), json.loads(cli(*ask, "--json").out)
    near, far = told["targets"]
    assert near["rehearsals"] > far["rehearsals"] == 0
    table = said.out.split("their evidence")[1].splitlines()
    rows = [line.split() for line in table if "e+" in line][:2]
    assert [row[6] for row in rows] == [f"{one['reach']:.2f}" for one in (near, far)]
    assert rows[0][7] == str(near["rehearsals"])
    assert "1e+09 on 1e+14: no rehearsal promised about as much" in said.out


def test_one_target_has_its_evidence_in_two_lines(cli, my_runs: Path) -> None:  # type: ignore[no-untyped-def]
    out = cli("predict", my_runs, "--params", "7e9", "--tokens", "1.4e11").out
    assert "interval   variance: coefficients" in out
    assert "that promised about as much: typically off by" in out
    assert "their evidence" not in out


@pytest.mark.parametrize("law", ["last_seen", "best_seen"])
def test_a_baseline_says_that_it_has_no_interval(cli, my_runs: Path, law: str) -> None:  # type: ignore[no-untyped-def]
    said = cli("predict", my_runs, "--params", "7e9", "--tokens", "1.4e11", "--law", law)
    assert said.code == 0, said.err
    assert f"{law} is a baseline: it says nothing of its error, so that it has no interval" in said.out
    for word in ("nan", "interval   ", "evidence", "low 90 %"):
        assert word not in said.out


def test_the_record_says_which_mean_is_meant(cli) -> None:  # type: ignore[no-untyped-def]
    out = cli("predict", "--rehearsals").out
    for name in ("median ARE families alike", "median ARE of group medians", "median ARE groups alike"):
        assert out.count(name) == 1
    assert out.count("median ARE") == 3, "no median without its mean"


def test_the_caution_on_ratios_counts_checkpoints(cli, my_runs: Path) -> None:  # type: ignore[no-untyped-def]
    out = cli("predict", my_runs, "--params", "1e9", "--tokens", "1e13").out
    assert "and the runs 6.67 to 40: laws fitted" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("gpt4", "--params", "1e12", "--tokens", "1e12"), 2, "did you mean"),
        (("gpt3", "--params", "1e12"), 2, "Missing option '--tokens'"),
        (("gpt3", "--params", "1e12", "--tokens", "1e12", "--law", "chinchila"), 2, "chinchilla"),
        (("none.csv", "--params", "1e12", "--tokens", "1e12"), 2, "none.csv"),
        (("llama-1", "--params", "1e12", "--tokens", "1e12"), 2, ""),
    ],
)
def test_errors_are_sentences(cli, arguments: tuple[str, ...], code: int, message: str) -> None:  # type: ignore[no-untyped-def]
    said = cli("predict", *arguments)
    assert said.code in (1, code)
    assert message in said.err
    assert "Traceback" not in said.err
