"""``scalebook optimal`` as scripts and people meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .made import A, grid  # noqa: TID251 (this folder, not the package)

FAMILY = "porian-rw-tuned-short-const"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's file."""
    file = tmp_path / "runs.csv"
    made = grid()
    pd.DataFrame({name: made[name] for name in ("run", "params", "tokens", "loss")}).to_csv(file, index=False)
    return file


def test_all_approaches_in_json(cli: Callable[..., Any]) -> None:
    said = cli("optimal", FAMILY, "--flops", "1e21", "--flops", "1e22", "--bootstrap", 200, "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert (told["family"], told["n_points"], told["n_runs"]) == (FAMILY, 121, 16)
    names = [a["approach"] for a in told["approaches"]]
    assert names == ["envelope", "isoflop_akima", "isoflop_parabola", "parametric"]
    for found in told["approaches"]:
        assert found["status"] == "found"
        a = found["coefficients"]["a"]
        assert a["low"] < 0.5 < a["high"] < 0.7
        assert [at["flops"] for at in found["at"]] == [1e21, 1e22]
        assert found["at"][0]["extrapolation"] == pytest.approx(1e21 / found["flops_high"])
        assert found["params_basis"] == "non-embedding+head"


def test_one_approach_for_people(cli: Callable[..., Any]) -> None:
    said = cli("optimal", FAMILY, "--approach", "isoflop", "--flops", "1e21", "--bootstrap", 200)
    assert said.code == 0
    for words in (
        "121 points of 16 runs",
        "params: non-embedding+head; FLOPs: reported",
        "isoflop_akima",
        "isoflop_parabola",
        "0.4968",
        "39.1x",
    ):
        assert words in said.out
    assert "parametric" not in said.out


def test_a_users_file(cli: Callable[..., Any], own: Path) -> None:
    said = cli("optimal", own, "--approach", "isoflop-akima", "--bootstrap", 0, "--json")
    assert said.code == 0
    (found,) = json.loads(said.out)["approaches"]
    assert found["coefficients"]["a"]["value"] == pytest.approx(A, abs=1e-3)
    assert found["coefficients"]["a"]["low"] is None
    assert (found["params_basis"], found["flops_basis"]) == (None, "6nd")


def test_what_the_data_do_not_give_is_told(cli: Callable[..., Any]) -> None:
    said = cli("optimal", "gadre-c4", "--approach", "envelope")
    assert (said.code, said.err) == (1, "")
    assert "no_curves" in said.out
    assert "envelope: curves of 0 sizes" in said.out
    assert cli("optimal", "gadre-c4", "--bootstrap", 0).code == 0  # the law can still be fitted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--approach", "isoflops"], "no approach named 'isoflops'; did you mean"),
        (["--bootstrap", 1], "fewer than 4 of 1 refits; ask for 200 or more"),
        (["--level", 95], "level is 95.0; it must be between 0 and 1"),
        (["--flops", -1], "a budget is a positive number of FLOP, not -1.0"),
    ],
)
def test_misuse_is_one_sentence(cli: Callable[..., Any], options: list[Any], message: str) -> None:
    said = cli("optimal", FAMILY, *options)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_mixed_flops_are_refused_unless_allowed(cli: Callable[..., Any], own: Path) -> None:
    frame = pd.read_csv(own)
    frame["flops"] = 6 * frame["params"] * frame["tokens"]
    frame.loc[::2, "flops"] = None
    frame.to_csv(own, index=False)
    said = cli("optimal", own, "--approach", "parametric")
    assert said.code == 2
    assert "training compute is counted in 2 ways: " in said.err
    assert "--allow-mixed" in said.err
    assert cli("optimal", own, "--approach", "parametric", "--bootstrap", 0, "--allow-mixed").code == 0
    refused = cli("fit", own, "--law", "compute")
    assert refused.code == 2
    assert "counted in 2 ways" in refused.err
    assert "counting   params: not stated; FLOPs: " in cli("fit", own, "--law", "chinchilla").out
