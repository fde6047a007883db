"""Files whose runs do not go together: annealed and not, or sizes counted in two ways, as every command meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .analysis.forecast.made import points

Cli = Callable[..., Any]
TARGET = ("--params", "7e9", "--tokens", "2.8e11")
ENDS = "3 runs end annealed and 3 at more than 60% of their peak learning rate: their losses do not lie on one law"
BESIDE = "of them at more than 60% of the peak learning rate of runs that end annealed: their losses lie above such"
TWO_WAYS = "mine.csv: the size of its models is counted in 2 ways: non-embedding (36 points), total (36 points)"


@pytest.fixture
def mine() -> pd.DataFrame:
    runs = points(sizes=6, noise=0.002)
    table = pd.DataFrame({name: runs[name] for name in ("run", "params", "tokens", "loss")})
    return table.assign(place=runs.run_index, share=runs.progress)


def written(folder: Path, table: pd.DataFrame, **columns: Any) -> Path:
    file = folder / "mine.csv"
    table.drop(columns=["place", "share"]).assign(**columns).to_csv(file, index=False)
    return file


def rates(mine: pd.DataFrame) -> Any:
    """Every second run comes down along a line, the others stay."""
    return 3e-4 * np.where(mine["place"] % 2, 1.0, 1.02 - mine["share"])


@pytest.mark.parametrize("said", [["lr"], ["learning_rate"], ["learning_rate", "peak_learning_rate"], ["schedule"]])
def test_annealed_runs_beside_others_are_told(cli: Cli, tmp_path: Path, mine: pd.DataFrame, said: list[str]) -> None:
    known = {
        **{name: rates(mine) for name in ("lr", "learning_rate")},
        "peak_learning_rate": 3e-4,
        "schedule": np.where(mine["place"] % 2, "constant", "Linear"),
    }
    file = written(tmp_path, mine, **{name: known[name] for name in said})
    told = cli("predict", file, *TARGET)
    assert told.code == 0, told.err
    assert ENDS in told.out


def test_runs_that_all_come_down_are_not_doubted(cli: Cli, tmp_path: Path, mine: pd.DataFrame) -> None:
    file = written(tmp_path, mine.query("share == 1"), schedule="cosine", lr=3e-4)
    assert "anneal" not in cli("predict", file, *TARGET).out


def test_checkpoints_on_the_way_down_are_told_where_the_forecast_rests_on_them(
    cli: Cli, tmp_path: Path, mine: pd.DataFrame
) -> None:
    file = written(tmp_path, mine, lr=3e-4 * (1.02 - mine["share"]))
    assert BESIDE in cli("predict", file, *TARGET, "--law", "chinchilla").out
    found = json.loads(cli("predict", file, *TARGET, "--json").out)
    weight = sum(share["weight"] for share in found["shares"] if share["name"].endswith("on all checkpoints"))
    assert any(BESIDE in warning for warning in found["warnings"]) == (weight >= 0.5)
    assert not any("on one law" in warning for warning in found["warnings"])


def test_the_report_knows_what_the_file_says(cli: Cli, tmp_path: Path, mine: pd.DataFrame) -> None:
    file, out = written(tmp_path, mine, lr=rates(mine)), tmp_path / "out"
    said = cli("report", "runs", file, "--target-params", "7e9", "--target-tokens", "2.8e11", "-o", out)
    assert said.code == 0, said.err
    page = next(out.glob("*.html")).read_text()
    assert ENDS in page
    assert "not known how runs were annealed" not in page


def two_ways(folder: Path, mine: pd.DataFrame) -> Path:
    return written(folder, mine, params_basis=np.where(mine["place"] < 3, "total", "non_embedding"))


NEXT = ("--budget-flops", "1e20", "--target-params", "7e9", "--target-tokens", "2.8e11")
WITH = {
    "predict": ["predict", "mine.csv", *TARGET],
    "fit": ["fit", "mine.csv", "--law", "chinchilla"],
    "next-run": ["next-run", "mine.csv", *NEXT],
}
WITHOUT = {
    "plan": ["plan", "--flops", "1e22", "--coefficients", "mine.csv"],
    "compare": ["compare", "mine.csv", "other.csv", *TARGET],
    "report": ["report", "runs", "mine.csv", "-o", "out"],
    "downstream": ["downstream", "mine.csv", "--task", "share", *TARGET],
}


@pytest.fixture
def beside(tmp_path: Path, mine: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, mine).rename(tmp_path / "other.csv")
    return two_ways(tmp_path, mine)


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("command", [*WITH, *WITHOUT])
def test_two_ways_to_count_are_refused_with_what_the_command_can_do(cli: Cli, command: str) -> None:
    said = cli(*(WITH | WITHOUT)[command])
    assert (said.code, said.out) == (2, "")
    assert f"{TWO_WAYS}; a law of a mixture describes neither: choose one basis" in said.err
    assert ("--allow-mixed" in said.err) == (command in WITH)


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("command", WITH)
def test_two_ways_are_taken_where_they_are_allowed_and_named(cli: Cli, command: str) -> None:
    said = cli(*WITH[command], "--allow-mixed")
    assert said.code == 0, said.err
    assert "non-embedding (36" in said.out
    assert "total (36" in said.out


def test_two_files_that_count_in_two_ways_are_not_compared(cli: Cli, tmp_path: Path, mine: pd.DataFrame) -> None:
    written(tmp_path, mine, params_basis="total").rename(tmp_path / "other.csv")
    said = cli("compare", written(tmp_path, mine, params_basis="non-embedding"), tmp_path / "other.csv", *TARGET)
    assert said.code == 2
    assert "mine.csv counts parameters as non-embedding and other.csv as total: one size would mean two" in said.err
