"""``scalebook next-run`` as scripts and people meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scalebook

Cli = Callable[..., Any]
ASKED = ("--budget-flops", "1e20", "--target-params", "1e10", "--target-tokens", "2e11")


@pytest.fixture(autouse=True)
def _as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALEBOOK_CORPUS", raising=False)


def written(file: Path, unit: float = 1.0, ratios: tuple[float, ...] = (10.0, 40.0)) -> Path:
    """A file of finals that a law made."""
    rows = [(f"{n:.0e}@{r:g}", n, r * n) for n in (1e7, 4e7, 1.6e8) for r in ratios]
    frame = pd.DataFrame(rows, columns=["run", "params", "tokens"])
    loss = 1.8 + 300 * frame["params"] ** -0.33 + 2000 * frame["tokens"] ** -0.36
    frame.assign(loss=unit * loss).to_csv(file, index=False)
    return file


def test_json_holds_ranked_designs(cli: Cli, tmp_path: Path) -> None:
    file = written(tmp_path / "runs.csv")
    said = cli("next-run", file, *ASKED, "--json")
    told = json.loads(said.out)
    assert (said.code, said.err) == (0, "")
    assert told.keys() >= {"family", "budget_flops", "target", "forecast", "identified", "designs", "notes"}
    assert told["target"] == {"params": 1e10, "tokens": 2e11, "flops": 1.2e22}
    best, *_, rule, nothing = told["designs"]
    assert [best["kind"], rule["kind"], nothing["kind"]] == ["best", "doubling rule", "nothing"]
    assert best["flops"] == pytest.approx(sum(run["flops"] for run in best["runs"]))
    assert best["sd_after"] < rule["sd_after"] < nothing["sd_after"] == told["forecast"]["sd_log_loss"]
    found = scalebook.next_run(scalebook.load_runs(file), 1e20, 1e10, 2e11)
    assert found.best.as_dict()["runs"] == best["runs"]


def test_people_read_units_designs_and_what_a_cheaper_one_loses(cli: Cli, tmp_path: Path) -> None:
    said = cli("next-run", written(tmp_path / "runs.csv"), *ASKED)
    assert (said.code, said.err) == (0, "")
    for part in (
        "target     10B parameters on 200B tokens, 1.2e+22 FLOPs; budget 1e+20 FLOPs, 0.833 % of that",
        "nats/token, standard deviation",
        "params: not stated",
        "doubling rule",
        "of budget",
        "sd after",
        "% of the best design's FLOPs leave a standard deviation of",
    ):
        assert part in said.out


def test_the_sentences_and_the_table_are_the_same_numbers(cli: Cli, tmp_path: Path) -> None:
    told = json.loads(cli("next-run", written(tmp_path / "runs.csv"), *ASKED, "--json").out)
    best, rule = told["designs"][0], next(one for one in told["designs"] if one["kind"] == "doubling rule")
    share, after = 100 * rule["flops"] / best["flops"], 100 * rule["sd_after"]
    sentence = (
        f"doubling rule: {share:.0f} % of the best design's FLOPs leave a standard deviation of {after:.2f} % for"
    )
    assert f"{sentence} {100 * best['sd_after']:.2f} %" in cli("next-run", tmp_path / "runs.csv", *ASKED).out


def test_a_law_that_is_not_determined_says_which_run_would_determine_it(cli: Cli, tmp_path: Path) -> None:
    said = cli("next-run", written(tmp_path / "runs.csv", ratios=(20.0,)), *ASKED)
    assert said.code == 0
    assert "law        the runs so far do not determine the law, so the forecast leans on the corpus;" in said.out
    assert "the cheapest found that would: 10M on " in said.out


def test_one_run_is_told_of_smaller_ones_and_in_words_that_agree(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    rows = [f"a,800000000,{d:.0f},{2 + 2000 * d**-0.36}" for d in (4e9, 8e9, 16e9, 32e9, 64e9)]
    file.write_text("\n".join(["run,params,tokens,loss", *rows]) + "\n")
    out = cli("next-run", file, "--budget-flops", "1e20", "--target-params", "7e9", "--target-tokens", "1.4e11").out
    assert out.startswith("one.csv: 5 points of 1 run, 1 size\n")
    assert "the cheapest found that would: 100M on " in out
    assert "800M on 16B" not in out
    poor = cli("next-run", file, "--budget-flops", "7e17", "--target-params", "7e9", "--target-tokens", "1.4e11").out
    assert "none of the 1 runs considered would determine it, alone or in the sets tried" in poor
    assert "e-1" not in out + poor  # what rounding leaves of no variance removed


def test_a_family_is_an_answer_too(cli: Cli) -> None:
    said = cli("next-run", "gpt3", "--budget-flops", "1e24", "--target-params", "1e12", "--target-tokens", "2e13")
    assert (said.code, said.err) == (0, "")
    assert "gpt3: 4011 points of 8 runs" in said.out


def test_several_recipes(cli: Cli, tmp_path: Path) -> None:
    files = [written(tmp_path / "good.csv", unit=0.6), written(tmp_path / "bad.csv")]
    told = json.loads(cli("next-run", *files, *ASKED, "--policy", "ei", "--json").out)
    assert (told["policy"], told["chosen"]) == ("ei", "good.csv")
    assert [one["recipe"] for one in told["recipes"]] == ["good.csv", "bad.csv"]
    assert np.isclose(sum(one["best_probability"] for one in told["recipes"]), 1)
    said = cli("next-run", *files, *ASKED, "--policy", "thompson", "--seed", 3)
    assert (said.code, said.err) == (0, "")
    assert "continue good.csv (by thompson) with " in said.out
    assert "lowest loss against FLOPs" in said.out


def test_the_simulation_tells_errors_and_duels(cli: Cli) -> None:
    said = cli("next-run", "--simulate", "cerebras-gpt", "opt")
    assert (said.code, said.err) == (0, "")
    assert "design against doubling: a lower error on " in said.out
    assert "groups of families weighing the same" in said.out


def test_the_simulation_of_recipes_tells_regrets_duels_and_probabilities(cli: Cli) -> None:
    asked = ("next-run", "--simulate", "--recipes", "llm-line-mamba", "llm-line-mamba2")
    said = cli(*asked)
    assert (said.code, said.err) == (0, "")
    for part in (
        "1 contests of 2 to 2 recipes, 1 groups",
        "mean regret, in %, by budget",
        "ei against turns: ",
        "forecasts together: the recommended recipe was said to be the best with probability 0.",
        "together less alone: log score ",
    ):
        assert part in said.out
    rows = json.loads(cli(*asked, "--json").out)
    assert rows[0].keys() >= {"contest", "budget", "policy", "forecasts", "regret", "found", "said"}
    assert {row["policy"] for row in rows} >= {"thompson", "ei", "design", "turns", "halving"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a file of runs or a family; scalebook families lists the families"),
        (("gpt3",), "next-run needs --budget-flops, --target-params, --target-tokens"),
        (("gpt", *ASKED), "no family named 'gpt'; did you mean 'gpt3'?"),
        (
            ("gpt3", *ASKED),
            "the target (10B parameters on 200B tokens, 1.2e+22 FLOPs) is no larger than the largest run",
        ),
        (("gpt3", *ASKED, "--policy", "ei"), "--policy chooses among recipes: give two files or families"),
        (("gpt3", *ASKED, "--simulate"), "--simulate takes its targets and budgets from the corpus"),
        (("gpt3", "opt", *ASKED, "--recipes"), "--recipes is for --simulate"),
        (("--simulate", "--recipes", "gpt3", "opt"), "no contest among gpt3, opt: name two families or more"),
        (("--simulate", "olmo"), "olmo has nothing to simulate: it needs 5 sizes"),
        (("no.csv", *ASKED), "no.csv"),
    ],
)
def test_misuse_is_a_sentence(cli: Cli, words: tuple[str, ...], message: str) -> None:
    said = cli("next-run", *words)
    assert said.code in (1, 2)
    assert message in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_file_without_a_column_says_which(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    pd.DataFrame({"run": ["a"], "tokens": [1e9], "loss": [3.0]}).to_csv(file, index=False)
    said = cli("next-run", file, *ASKED)
    assert said.code == 2
    assert "params" in said.err
