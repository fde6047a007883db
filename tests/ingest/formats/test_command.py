"""``scalebook ingest --runs`` as people type it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .conftest import LINES
from .test_trainer_state import state
from .test_wandb import CHART

File = Callable[..., Path]
Cli = Callable[..., Any]


def test_what_was_done_and_what_to_do_next_are_printed(put: File, own: Path, cli: Cli) -> None:
    said = cli("ingest", "--runs", put(LINES + "big,1e9,5e9,\n"))
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"mine: 2 runs, 6 checkpoints, 6 values from 1 file (CSV or TSV, one row per checkpoint); written in {own}",
        "note: 1 rows of mine.csv without a loss left out",
        "ask: scalebook sql \"from losses where family = 'mine'\"",
        "fit: scalebook fit mine --law chinchilla",
    ]
    asked = cli("sql", "select count(*) n from losses where family = 'mine'", "--format", "json")
    assert json.loads(asked.out) == [{"n": 6}]
    assert [row["source"] for row in json.loads(cli("families", "--json").out) if row["family"] == "mine"] == [
        "mine/mine"
    ]


def test_json(put: File, own: Path, cli: Cli) -> None:
    said = cli("ingest", "--runs", put(), "--family", "sweep", "--json")
    assert json.loads(said.out) == {
        "family": "sweep",
        "source": "mine/sweep",
        "folder": str(own),
        "state": "written",
        "rows": {"sources": 1, "families": 1, "runs": 2, "checkpoints": 6, "metrics": 6},
        "loss": "loss",
        "formats": ["CSV or TSV, one row per checkpoint"],
        "notes": [],
    }
    assert json.loads(cli("ingest", "--runs", put(), "--family", "sweep", "--json").out)["state"] == "unchanged"


def test_checking_writes_nothing(put: File, own: Path, cli: Cli) -> None:
    said = cli("ingest", "--runs", put(), "--check")
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert said.out.endswith("; nothing was written\n")
    assert not own.exists()


def test_a_chart_with_the_size_of_each_run(put: File, own: Path, cli: Cli) -> None:
    sizes = ("--params", "small=1e8", "--params", "big - lr 3e-4=1e9")
    said = cli("ingest", "--tokens-per-step", "1e6", *sizes, "--runs", put(CHART, "chart.csv"))
    assert said.out.startswith(
        "chart: 2 runs, 4 checkpoints, 4 values from 1 file (chart exported from Weights & Biases"
    )
    rows = json.loads(
        cli("sql", "select distinct params from runs where family = 'chart' order by 1", "--format", "json").out
    )
    assert rows == [{"params": 1e8}, {"params": 1e9}]


def test_arguments_after_runs_are_files(put: File, own: Path, cli: Cli) -> None:
    files = [put(state(), f"{name}/trainer_state.json") for name in ("a", "b")]
    said = cli("ingest", "--family", "pair-of-runs", "--params", "1e8", "--runs", *files)
    assert said.out.startswith(
        "pair-of-runs: 2 runs, 4 checkpoints, 6 values from 2 files (trainer_state.json of Hugging Face"
    )


def test_mapping_and_metric(put: File, own: Path, cli: Cli, mine: pd.DataFrame) -> None:
    theirs = mine.rename(columns={"loss": "ppl", "tokens": "seen = all"}).assign(ppl=20.0)
    file = put(theirs.to_csv(index=False))
    options = ("--column", "loss=ppl", "--column", "tokens=seen = all", "--metric", "perplexity")
    assert cli("ingest", "--runs", file, *options).code == 0
    fitted = cli("fit", file, "--law", "last_seen", *options, "--json")
    assert json.loads(fitted.out)["unit"] == "nats/token"


def test_fit_takes_what_looks_wrong_when_told(put: File, cli: Cli, mine: pd.DataFrame) -> None:
    file = put(mine.assign(step=mine["tokens"] / 1e9).drop(columns="tokens").to_csv(index=False))
    few = ("fit", file, "--law", "last_seen", "--tokens-per-step", "1000", "--json")
    assert cli(*few).code == 0  # counted from steps, the user has said how
    tiny = put(mine.assign(tokens=mine["tokens"] / 1e6).to_csv(index=False), "tiny.csv")
    assert "--trust" in cli("fit", tiny, "--law", "last_seen").err
    assert json.loads(cli("fit", tiny, "--law", "last_seen", "--trust", "--json").out)["n_points"] == 6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--runs", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["--runs", "FILE", "--from", "."], "--from and --offline are for sources, and --runs is for files of yours"),
        (["--runs", "FILE", "--offline"], "--from and --offline are for sources, and --runs is for files of yours"),
        (["--params", "1e9"], "--params is about files of yours: add --runs FILE"),
        (["--column", "a=b"], "--column is about files of yours: add --runs FILE"),
        (["--format", "csv"], "--format is about files of yours: add --runs FILE"),
        (["--runs", "FILE", "--params", "big"], "--params big: write a number, such as 1.3e9, or RUN=1.3e9"),
        (
            ["--runs", "FILE", "--params", "1", "--params", "2"],
            "--params: give one number for all runs, or RUN=N for each",
        ),
        (
            ["--runs", "FILE", "--column", "tokens"],
            "--column tokens: write ours=theirs, such as tokens=consumed_tokens",
        ),
        (["--runs", "FILE", "--column", "loss=a", "--column", "loss=b"], "--column: one of the names is said twice"),
        (["--runs", "FILE", "--format", "cvs"], "no format named 'cvs'; did you mean 'csv'?"),
        (["--runs", "FILE", "--family", "one"], "the corpus has a family 'one': name your runs otherwise"),
    ],
)
def test_misuse_is_told(put: File, own: Path, cli: Cli, arguments: list[str], sentence: str) -> None:
    file = str(put())
    said = cli("ingest", *[file if a == "FILE" else a for a in arguments])
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert not own.exists()


def test_the_readmes_commands_for_own_runs_work(
    put: File, own: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    commands = readme.split("## Your own runs")[1].split("```")[1].strip().splitlines()
    rows = [
        (f"{n:.0e}", n, d, 1.7 + 400 / n**0.34 + 400 / d**0.28)
        for n in np.geomspace(1e7, 1e9, 5)
        for d in np.geomspace(1e9, 1e11, 7)
    ]
    put(pd.DataFrame(rows, columns=["run", "params", "consumed_tokens", "loss"]).to_csv(index=False), "my_runs.csv")
    monkeypatch.chdir(tmp_path)
    said = [cli(*shlex.split(command, comments=True)[1:]) for command in commands]
    assert [(s.code, s.err) for s in said] == [(0, "")] * 4
    fits = [[line for line in s.out.splitlines() if line.startswith(("alpha", " alpha"))] for s in said[2:]]
    assert fits[0] == fits[1] != []
