"""``scalebook compare`` as scripts and people meet it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Cli = Callable[..., Any]
TARGET = ("--params", "1e10", "--tokens", "2e11")


def recipe(folder: Path, name: str, gain: float = 0.0, *, ratio: float = 20.0, sizes: int = 6, **columns: Any) -> Path:
    """A file of runs of six sizes; the loss is lower by a share."""
    params = np.geomspace(2e7, 2e9, 6)[:sizes]
    tokens = ratio * params
    loss = (1.7 + 400 * params**-0.34 + 1000 * tokens**-0.3) * np.exp(-gain)
    file = folder / f"{name}.csv"
    made = {"run": [f"{name}{k}" for k in range(len(params))], "params": params, "tokens": tokens, "loss": loss}
    pd.DataFrame(made | columns).to_csv(file, index=False)
    return file


def test_a_clear_gain_is_likely_and_swaps_with_the_names(cli: Cli, tmp_path: Path) -> None:
    new, old = recipe(tmp_path, "new", 0.03), recipe(tmp_path, "old")
    told, back = (json.loads(cli("compare", *pair, *TARGET, "--json").out) for pair in ((new, old), (old, new)))
    assert told["better"] == back["better"] == "new.csv"
    assert told["gain"] == pytest.approx(0.03, abs=1e-6)
    assert told["probability"] > 0.85
    assert told["probability"] + back["probability"] == pytest.approx(1)
    assert (told["low"], told["high"]) == pytest.approx((-back["high"], -back["low"]))
    assert told["low"] < 0.03 < told["high"]
    assert told["way"] == "largest"
    assert {row["probability"] for row in told["reliability"]} >= {"0.9 to 1.0"}
    assert told["speed_up"]["value"] > 1 > back["speed_up"]["value"]


def test_no_difference_is_a_toss_up(cli: Cli, tmp_path: Path) -> None:
    pair = recipe(tmp_path, "a"), recipe(tmp_path, "b")
    told = json.loads(cli("compare", *pair, *TARGET, "--json").out)
    assert told["probability"] == 0.5
    assert told["speed_up"]["value"] == pytest.approx(1)


def test_a_larger_gain_is_more_likely(cli: Cli, tmp_path: Path) -> None:
    old = recipe(tmp_path, "old")
    found = [
        json.loads(cli("compare", recipe(tmp_path, "new", gain), old, *TARGET, "--json").out)["probability"]
        for gain in (0.001, 0.01, 0.1)
    ]
    assert found == sorted(found)
    assert found[0] < 0.75
    assert 0.9 < found[-1] < 1


def test_families_for_people(cli: Cli) -> None:
    said = cli("compare", "optimizer-sweep-muon", "optimizer-sweep-adamw", "--params", "3e9", "--tokens", "60e9")
    assert said.code == 0, said.err
    for words in (
        "better     optimizer-sweep-muon, with probability 0.",
        "difference A's loss is 0.622 % lower, 90 % interval 0.",
        "% higher to",
        "by way     largest 0.622 %, mean",
        "speed-up   B needs 1.",
        "Tokens that B needs for the loss that A reached",
        "came out",
    ):
        assert words in said.out


def test_the_published_speed_up_of_muon(cli: Cli) -> None:
    """Golden number F1: at 1.2B and one Chinchilla, 1.18 times (card of the source: 1.175 1.116 1.133 1.099)."""
    pair = ("optimizer-sweep-muon", "optimizer-sweep-adamw")
    told = json.loads(cli("compare", *pair, "--params", "3e9", "--tokens", "60e9", "--json").out)
    largest = [one for one in told["measured_speed_ups"] if one["params"] > 1e9]
    assert [one["value"] for one in largest] == pytest.approx([1.175, 1.116, 1.133, 1.099], abs=6e-4)
    assert largest[0]["value"] == pytest.approx(1.18, abs=0.02)
    assert all(one["low"] < one["value"] < one["high"] for one in largest)
    assert largest[0]["low"] > 1.1


def test_far_beyond_what_pairs_tell_there_is_a_warning(cli: Cli, tmp_path: Path) -> None:
    pair = recipe(tmp_path, "new", 0.03), recipe(tmp_path, "old")
    said = cli("compare", *pair, "--params", "1e12", "--tokens", "1e14")
    assert "the probability is a guess beyond that" in said.out
    assert "is taken on trust" in said.out


def test_a_file_beside_a_family_is_compared_with_doubts(cli: Cli, tmp_path: Path) -> None:
    said = cli("compare", recipe(tmp_path, "new"), "gadre-c4", *TARGET)
    assert said.code == 0, said.err
    assert "new.csv does not say how it counts parameters; gadre-c4 as total" in said.out
    leader = "new.csv" if "A's loss is" in said.out and "% lower, 90" in said.out else "gadre-c4"
    assert f"better     {leader}, with probability 0." in said.out


def test_other_designs_are_compared_by_laws(cli: Cli, tmp_path: Path) -> None:
    pair = recipe(tmp_path, "new", 0.03), recipe(tmp_path, "old", ratio=60.0)
    said = cli("compare", *pair, *TARGET, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["way"] == "laws"
    assert "train both at the same sizes and tokens" in told["warnings"][0]


def test_bits_beside_nats_are_told(cli: Cli, tmp_path: Path) -> None:
    nats = recipe(tmp_path, "nats")
    for ratio in (20.0, 60.0):
        bits = recipe(tmp_path, "bits", 0.005 + math.log(math.log(2)), ratio=ratio)
        for pair in ((nats, bits), (bits, nats)):
            said = cli("compare", *pair, *TARGET)
            assert "the losses of bits.csv are 1.443 times those of nats.csv" in said.out
            assert "as bits are of nats: if bits.csv is in bits, multiply its losses by 0.6931" in said.out
    for other in (recipe(tmp_path, "worse", -0.3), recipe(tmp_path, "much-worse", -0.43)):
        assert "bits" not in cli("compare", nats, other, *TARGET).out


def test_a_probability_stands_beside_how_often_such_came_out(cli: Cli, tmp_path: Path) -> None:
    """By laws probabilities do not come out, and that is said; at shared sizes they do."""
    new, old, elsewhere = recipe(tmp_path, "new", 0.03), recipe(tmp_path, "old"), recipe(tmp_path, "far", ratio=60.0)
    for pair, telling in (((new, old), True), ((new, elsewhere), False)):
        said = cli("compare", *pair, *TARGET)
        told = json.loads(cli("compare", *pair, *TARGET, "--json").out)
        held = told["came_out"]
        assert held in told["reliability"]
        words = f"; {held['probability']} came out in {held['right']:.2f} ({held['groups']} groups of the corpus)"
        assert f"with probability {max(told['probability'], 1 - told['probability']):.2f}{words}" in said.out
        doubt = "probabilities of this way told no more than that 0.74 of all signs came out right, high or low"
        assert (doubt in said.out) != telling
        assert any(doubt in warning for warning in told["warnings"]) != telling


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            "pythia",
            "gadre-c4",
            "pythia is measured by target_perplexity lambada_openai test 0, gadre-c4 by loss c4_val",
        ),
        ("porian-owt2-tuned-short-const", "porian-rw-tuned-short-const", "their losses cannot be compared"),
        ("llm-line-mamba", "llm-line-pythia", "counts parameters as total and llm-line-pythia as non-embedding+head"),
        ("gpt3", "gpt3", "A and B are both 'gpt3': name two recipes"),
        ("gptt", "gpt3", "no family named 'gptt'; did you mean 'gpt3'?"),
    ],
)
def test_what_cannot_be_compared_is_refused(cli: Cli, first: str, second: str, message: str) -> None:
    said = cli("compare", first, second, *TARGET)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_files_on_other_metrics_are_refused(cli: Cli, tmp_path: Path) -> None:
    pair = recipe(tmp_path, "new"), recipe(tmp_path, "old", metric="bits_per_byte")
    said = cli("compare", *pair, *TARGET)
    assert said.code == 2
    assert "new.csv has losses in nats/token and old.csv in nats/byte" in said.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--params", "-1", "--tokens", "1e9"], "--params is -1; it must be positive and finite"),
        (["--params", "1e10", "--tokens", "2e11", "--level", "0"], "--level is 0; it must lie between 0 and 1"),
        (
            ["--params", "1e10", "--tokens", "2e11", "--way", "law"],
            "no way to compare named 'law'; did you mean 'laws'?",
        ),
        (["--params", "1e6", "--tokens", "2e7"], "trained only beyond the scale asked for"),
    ],
)
def test_misuse_is_explained(cli: Cli, tmp_path: Path, options: list[str], message: str) -> None:
    said = cli("compare", recipe(tmp_path, "new"), recipe(tmp_path, "old"), *options)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_too_few_sizes_say_what_is_needed(cli: Cli, tmp_path: Path) -> None:
    pair = recipe(tmp_path, "new", sizes=1), recipe(tmp_path, "old", sizes=1)
    said = cli("compare", *pair, *TARGET)
    assert said.code == 2
    assert "share 1 size trained on as many tokens (2 are needed), and no law is determined by both" in said.err
