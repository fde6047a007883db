"""``scalebook downstream`` as scripts and people meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Cli = Callable[..., Any]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's file: benchmarks in columns, one of them in percent, one at chance."""
    params, ratio = np.repeat(np.geomspace(1e7, 3e9, 8), 3), np.tile([20.0, 40.0, 80.0], 8)
    tokens = params * ratio
    loss = 1.7 + 400 * params**-0.34 + 1000 * tokens**-0.3
    share = 0.25 + 0.7 / (1 + np.exp(2.5 * (loss - 2.8)))
    made = {"run": [f"r{k}" for k in range(24)], "params": params, "tokens": tokens, "loss": loss}
    frame = pd.DataFrame({**made, "hellaswag": share, "percent": 100 * share, "arc_challenge": 0.251})
    file = tmp_path / "mine.csv"
    frame.to_csv(file, index=False)
    return file


def test_a_score_at_a_size(cli: Cli, own: Path) -> None:
    said = cli("downstream", own, "--task", "hellaswag", "--params", "1e10", "--tokens", "2e11", "--json")
    assert said.code == 0, said.err
    (told,) = json.loads(said.out)
    loss = 1.7 + 400 * 1e10**-0.34 + 1000 * 2e11**-0.3
    score = 0.25 + 0.7 / (1 + np.exp(2.5 * (loss - 2.8)))
    assert told["status"] == "converged"
    assert told["loss"] == pytest.approx(loss, rel=0.01)
    assert told["score"] == pytest.approx(score, abs=0.015)
    assert told["low"] < score < told["high"]
    assert told["if_loss_known"]["high"] - told["if_loss_known"]["low"] <= told["high"] - told["low"]
    assert {c["run"] for c in told["held_out"]} == {"r21", "r22", "r23"}
    assert all(abs(c["from_predicted_loss"] - c["observed"]) < 0.03 for c in told["held_out"])
    place = ("--params", "1e10", "--tokens", "2e11")
    alone = cli("downstream", own, "--task", "hellaswag", *place, "--loss-law", "first", "--json")
    (told,) = json.loads(alone.out)
    assert told["loss"] == pytest.approx(loss, rel=1e-4)
    assert told["score"] == pytest.approx(score, abs=0.002)


def test_scores_in_rows_of_their_own(cli: Cli, own: Path, tmp_path: Path) -> None:
    wide = pd.read_csv(own)
    losses = wide[["run", "params", "tokens", "loss"]].assign(metric="loss", task=None)
    scores = losses.assign(metric="accuracy", task="hellaswag", loss=wide["hellaswag"])
    long = tmp_path / "long.csv"
    pd.concat([losses, scores]).to_csv(long, index=False)
    both = [cli("downstream", f, "--task", "hellaswag", "--loss", 2.2, "--json") for f in (own, long)]
    first, second = (json.loads(said.out)[0] for said in both)
    assert first["score"] == pytest.approx(second["score"], rel=1e-9)


def test_a_family_for_people(cli: Cli) -> None:
    said = cli("downstream", "llm-line-mamba", "--params", "7e9", "--tokens", "3e11")
    assert said.code == 0, said.err
    assert "llm-line-mamba: 10 benchmarks" in said.out
    for heading in ("error from its loss", "error from the forecast loss", "error of best seen", "90 % interval"):
        assert heading in said.out


def test_one_benchmark_for_people(cli: Cli) -> None:
    said = cli("downstream", "gadre-c4", "--task", "hellaswag", "--params", "13e9", "--tokens", "260e9")
    assert said.code == 0, said.err
    for words in (
        "gadre-c4, hellaswag (accuracy, 10 shots): 34 models; chance 25.0 %",
        "law        accuracy_of_loss, converged",
        "other groups of families",
        "if the loss comes out as forecast",
        "lies below those seen",
        "gadre-c4/open_lm_7b-1.0",
    ):
        assert words in said.out


def test_what_can_be_forecast(cli: Cli) -> None:
    said = cli("downstream", "--list")
    assert said.code == 0, said.err
    lines = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert lines["piqa"].rstrip().endswith("predictable")
    assert lines["mmlu"].rstrip().endswith("at chance")
    assert "8 groups" in said.out
    told = json.loads(cli("downstream", "--list", "--json").out)
    assert {row["benchmark"] for row in told["benchmarks"]} >= {"piqa", "squad"}
    assert len(told["coverage"]) == 8


def test_a_task_at_chance_says_so(cli: Cli, own: Path) -> None:
    said = cli("downstream", "gadre-c4", "--task", "agi_eval_lsat_ar", "--loss", 2.3)
    assert said.code == 1
    assert "at_chance: the best models score" in said.out
    assert "not clearly above chance (25.0 %) by" in said.out
    assert "score  " not in said.out
    (told,) = json.loads(cli("downstream", own, "--task", "arc_challenge", "--loss", 2.0, "--json").out)
    assert (told["status"], told["score"]) == ("at_chance", None)


def test_scores_without_losses_follow_from_compute(cli: Cli) -> None:
    said = cli("downstream", "obsscaling-pythia", "--task", "hellaswag", "--params", "3e10", "--tokens", "3e11")
    assert said.code == 0
    assert "scores follow from compute" in said.err
    assert "from its compute" in said.out
    assert "from the forecast loss" not in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gadre-c4", "--task", "hellaswg"], "no benchmark named 'hellaswg'; did you mean 'hellaswag'?"),
        (["gpt3"], "family 'gpt3' has no benchmark scores"),
        (["gadre-c5"], "no family named 'gadre-c5'; did you mean 'gadre-c4'?"),
        ([], "name a family or a file, or give --list"),
        (["gadre-c4", "--list"], "or give --list or --capabilities; one of them"),
        (["gadre-c4", "--loss", -1], "--loss is -1; it must be positive and finite"),
        (["gadre-c4", "--loss", 2, "--params", 1e9], "give either --loss, or --params and --tokens"),
        (["gadre-c4", "--params", 1e9], "--params and --tokens belong together"),
        (["gadre-c4", "--law", "foo"], "no law of scores named 'foo'"),
        (["gadre-c4", "--level", 2, "--loss", 3], "--level is 2; it must lie between 0 and 1"),
        (["gadre-c4", "--params", 1e9, "--tokens", 1e10, "--loss-law", "sigmoid"], "does not forecast a loss"),
        (["obsscaling-pythia", "--task", "mmlu", "--loss", 2], "log_linear takes compute: give --params and --tokens"),
        (["obsscaling-pythia", "--law", "accuracy_of_loss"], "has no losses, and accuracy_of_loss takes one"),
        (["gadre-c4", "--metric", "perplexity"], "are for files, and 'gadre-c4' is none"),
        (["missing.csv", "--task", "piqa"], "missing.csv: there is no such file"),
    ],
)
def test_misuse_is_explained(cli: Cli, arguments: list[object], message: str) -> None:
    said = cli("downstream", *arguments)
    assert said.code == 2
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("percent", "this looks like percent: say --column 'percent=percent*0.01'"),
        ("hellaswagg", "did you mean 'hellaswag'?"),
        (None, "name the column with its scores, such as --task piqa"),
    ],
)
def test_misuse_of_a_file_is_explained(cli: Cli, own: Path, task: str | None, message: str) -> None:
    said = cli("downstream", own, *(["--task", task] if task else []))
    assert said.code == 2
    assert message in said.err


def test_the_advice_for_percent_works(cli: Cli, own: Path) -> None:
    advised = cli("downstream", own, "--task", "percent", "--column", "percent=percent*0.01", "--loss", 2, "--json")
    shares = cli("downstream", own, "--task", "hellaswag", "--loss", 2, "--json")
    assert advised.code == shares.code == 0, advised.err
    scores = [json.loads(said.out)[0]["score"] for said in (advised, shares)]
    assert scores[0] == pytest.approx(scores[1])


def test_a_column_that_is_not_there_is_called_as_it_was_said(cli: Cli, own: Path) -> None:
    said = cli("downstream", own, "--task", "percent", "--column", "percent=nope*0.01", "--loss", 2)
    assert said.code == 2
    assert "--column percent=nope*0.01: " in said.err
    assert "has no column 'nope'" in said.err


def test_one_model_is_too_few(cli: Cli, own: Path) -> None:
    pd.read_csv(own).tail(1).to_csv(own, index=False)
    said = cli("downstream", own, "--task", "hellaswag", "--loss", 2)
    assert said.code == 1
    assert "too_few_points: 1 points for 3 coefficients" in said.out


def test_the_capability_space(cli: Cli) -> None:
    said = cli("downstream", "--capabilities")
    assert said.code == 0, said.err
    for words in ("113 public base models of 21 groups", "82.4 %, 11.2 %, 3.5 %", "median R2 0.97", "winogrande"):
        assert words in said.out
    told = json.loads(cli("downstream", "--capabilities", "--json").out)
    assert sum(told["shares"]) == pytest.approx(1)
    assert {row["benchmark"] for row in told["largest"]} >= {"all", "mmlu"}
