"""``scalebook plan`` as a pretraining lead meets it: published numbers, tables, files, and sentences for mistakes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

KEYS = {"params", "tokens", "loss", "train_flops", "inference_flops", "total_flops", "cost"}
TRUTH = {"E": 1.8, "A": 300.0, "B": 2000.0, "alpha": 0.33, "beta": 0.36}


class Said(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _as_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCALEBOOK_CORPUS", raising=False)
    monkeypatch.chdir(tmp_path)


def answered(said: Said) -> Any:
    assert (said.code, said.err) == (0, ""), said
    return json.loads(said.out)


def refused(said: Said, code: int, *words: str) -> None:
    assert (said.code, said.out) == (code, ""), said
    assert "Traceback" not in said.err
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err


def write_runs(file: Path) -> Path:
    """Runs of a law with scatter, as a file."""
    rng = np.random.default_rng(3)
    with file.open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["run", "params", "tokens", "loss"])
        for params in np.geomspace(3e7, 1e9, 6):
            for ratio in (10, 20, 40, 80):
                tokens = params * ratio
                loss = TRUTH["E"] + TRUTH["A"] * params ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]
                rows.writerow([f"{params:.0f}-{ratio}", params, tokens, loss * np.exp(0.002 * rng.normal())])
    return file


# published numbers


def test_sardana_thirteen_billion(cli: Cli) -> None:
    """S1: Sardana et al. (2024), arXiv:2401.00448, section 3."""
    ask = ("--like-params", "13e9", "--inference-tokens", "2e12", "--coefficients", "sardana2024-as-used")
    told = answered(cli("plan", *ask, "--json"))
    assert told.keys() >= KEYS
    assert told["baseline"].keys() >= KEYS
    assert told["params"] == pytest.approx(6.969e9, rel=1e-3)
    assert told["tokens"] == pytest.approx(1.248e12, rel=1e-3)
    assert told["total_flops"] == pytest.approx(8.005e22, rel=1e-3)
    assert told["baseline"]["total_flops"] == pytest.approx(9.697e22, rel=1e-3)
    assert told["baseline"]["params"] == pytest.approx(13e9)
    assert told["cost"] is None
    said = cli("plan", *ask)
    assert "6.969e+09" in said.out
    assert "17.45% fewer FLOPs over its life" in said.out
    assert "never tested there: 1.25e+12 tokens are 3.93 times the most in chinchilla-digitised" in said.out


def test_sardana_in_dollars(cli: Cli, tmp_path: Path) -> None:
    """S4: the same, section 4."""
    (tmp_path / "prices.toml").write_text('[training]\nprice = "1.40 $/h"\n')
    ask = ("--loss", 1.947, "--inference-tokens", "1.25e13", "--prices", "prices.toml", "--coefficients", "sardana")
    told = answered(cli("plan", *ask, "--json"))
    assert told["params"] == pytest.approx(20.53e9, rel=1e-3)
    assert told["tokens"] == pytest.approx(3.302e12, rel=1e-3)
    assert told["params"] / told["baseline"]["params"] == pytest.approx(0.6023, rel=1e-3)
    assert told["tokens"] / told["baseline"]["tokens"] == pytest.approx(1.8241, rel=1e-3)
    assert told["cost"] / told["baseline"]["cost"] == pytest.approx(0.8876, rel=1e-3)
    said = cli("plan", *ask)
    assert "prices     training: A100-80GB bf16 at $1.4 an hour" in said.out
    assert "fewer dollars over its life" in said.out


def test_hoffmann_gopher_budget(cli: Cli) -> None:
    """H2: Hoffmann et al. (2022), arXiv:2203.15556, equation 4."""
    told = answered(cli("plan", "--flops", "5.88e23", "--coefficients", "hoffmann2022-tex", "--json"))
    assert told["params"] == pytest.approx(40.7e9, rel=0.01)
    rounded = answered(cli("plan", "--flops", "5.88e23", "--coefficients", "hoffmann2022-round", "--json"))
    assert rounded["params"] == pytest.approx(32.5e9, rel=0.01)


def test_quokka_one_billion(cli: Cli) -> None:
    """Q1: Quokka (2025), arXiv:2510.03280, table 2."""
    told = answered(cli("plan", "--like-params", "1e9", "--coefficients", "quokka2025-approach1", "--json"))
    assert told["train_flops"] == pytest.approx(5.62e20, rel=0.005)
    assert told["tokens"] == pytest.approx(93.5e9, rel=0.005)
    assert told["loss"] is None
    assert (
        "6 N D of the published powers"
        in cli("plan", "--like-params", "1e9", "--coefficients", "quokka2025-approach1").out
    )


# what is printed


def test_the_plan_alone_where_it_is_the_baseline(cli: Cli) -> None:
    out = cli("plan", "--flops", "1e21").out
    assert "besiroglu2024-published, arXiv:2404.10102" in out, "the default is named"
    assert "This is the compute-optimal model." in out
    assert "compute-optimal " not in out.split("This is")[0]
    assert "inference" not in out.split("This is")[0]


def test_tables_of_equal_loss_and_cost(cli: Cli) -> None:
    ask = ("plan", "--loss", "2.2", "--inference-tokens", "1e12", "--table")
    out = cli(*ask).out
    assert "Models of equal loss" in out
    assert "Models of equal cost, in FLOPs" in out
    assert "no number of tokens reaches this loss" in out
    told = answered(cli(*ask, "--json"))
    assert {row["which"] for row in told["iso_loss"]} == {"", "plan", "baseline"}
    assert [row["total_flops"] for row in told["iso_cost"]] == pytest.approx(
        [told["total_flops"]] * len(told["iso_cost"])
    )
    refused(
        cli("plan", "--flops", "1e21", "--coefficients", "quokka2025-approach1", "--table"),
        2,
        "--table needs a law of the loss",
    )


def test_limited_data(cli: Cli) -> None:
    ask = ("plan", "--flops", "1e22", "--unique-tokens", "2e10", "--coefficients", "muennighoff")
    told = answered(cli(*ask, "--json"))
    assert told["epochs"] == pytest.approx(told["tokens"] / 2e10)
    assert told["unlimited"]["loss"] < told["loss"]
    assert told["effective"]["tokens"] < told["tokens"]
    assert told["effective"]["params"] < told["params"]
    out = cli(*ask).out
    assert "no repeats needed" in out
    assert "unique ones are worth" in out
    assert "nan" not in out


def test_hours_of_hardware(cli: Cli) -> None:
    ask = ("plan", "--hours", 72, "--hardware", "H100-80GB", "--devices", 64, "--utilisation", 0.4)
    told = answered(cli(*ask, "--json"))
    assert told["train_flops"] == pytest.approx(72 * 3600 * 64 * 0.4 * 9.89e14)
    assert told["train_hours"] == pytest.approx(72)
    assert "hardware   64 x H100-80GB bf16: 40 % of 989 TFLOP/s each, as given" in cli(*ask).out


def test_hours_by_the_step_time_of_what_is_planned(cli: Cli) -> None:
    ask = ("plan", "--hours", 72, "--hardware", "H100-80GB", "--devices", 64, "--utilisation", "modelled")
    told = answered(cli(*ask, "--json"))
    assert told["train_hours"] == pytest.approx(72, rel=1e-6)
    used = told["train_flops"] / (72 * 3600 * 64 * 9.89e14)
    assert 0.3 < used < 0.5
    assert "by the step time of about" in told["hardware"]
    layers, width = 40, 3968  # of about the planned size
    near = answered(
        cli("step-time", "--layers", layers, "--width", width, "--hardware", "H100-80GB", "--devices", 64, "--json")
    )
    assert near["params"] == pytest.approx(told["params"], rel=0.15)
    assert used == pytest.approx(near["utilisation"], rel=0.05)
    refused(cli(*ask, "--active-share", 0.1), 2, "the step time of a mixture of experts is not known")


# coefficients from runs


def test_a_file_of_runs_is_fitted_with_an_interval(cli: Cli, tmp_path: Path) -> None:
    file = write_runs(tmp_path / "runs.csv")
    told = answered(cli("plan", "--flops", "1e21", "--coefficients", file, "--bootstrap", 200, "--json"))
    assert told["draws"] == 200
    assert told["intervals"]["params"]["low"] < told["params"] < told["intervals"]["params"]["high"]
    out = cli("plan", "--flops", "1e21", "--coefficients", file, "--bootstrap", 200).out
    assert "chinchilla fitted to runs.csv: 24 points of 24 runs" in out
    assert "plan, 95 %" in out
    assert "never tested there" in out


def test_a_fit_in_json_and_a_family(cli: Cli, tmp_path: Path) -> None:
    file = write_runs(tmp_path / "runs.csv")
    (tmp_path / "fit.json").write_text(cli("fit", file, "--law", "chinchilla", "--json").out)
    by_fit = answered(cli("plan", "--flops", "1e21", "--coefficients", "fit.json", "--json"))
    by_runs = answered(cli("plan", "--flops", "1e21", "--coefficients", file, "--bootstrap", 0, "--json"))
    assert by_fit["params"] == pytest.approx(by_runs["params"], rel=1e-9)
    family = answered(
        cli("plan", "--flops", "1e21", "--coefficients", "beyond-chinchilla", "--bootstrap", 20, "--json")
    )
    assert family["about"].startswith("chinchilla fitted to beyond-chinchilla")


# mistakes


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        ((), ("a plan needs one of --flops, --loss, --like-params, --hours; it has none",)),
        (("--flops", "1e21", "--loss", "2"), ("it has --flops and --loss",)),
        (("--flops", "0"), ("--flops 0: write a positive number",)),
        (("--flops", "1e21", "--inference-tokens", "-1"), ("--inference-tokens -1: write a number from 0",)),
        (("--loss", "1.5", "--coefficients", "sardana"), ("no model has a loss of 1.5", "it ends at E = 1.69")),
        (("--flops", "1e21", "--coefficients", "chinchila"), ("no published law or family named 'chinchila'",)),
        (("--flops", "1e21", "--coefficients", ""), ("no published law or family named ''",)),
        (("--flops", "1e21", "--coefficients", "hoffmann2022"), ("several published laws begin with",)),
        (("--flops", "1e21", "--coefficients", "kaplan2020-Cmin"), ("no plan with kaplan2020-Cmin",)),
        (
            ("--flops", "1e21", "--coefficients", "gpt3", "--law", "compute"),
            ("a plan needs a law of params and tokens",),
        ),
        (("--flops", "1e21", "--coefficients", "gpt3", "--law", "last_seen"), ("last_seen is read off, not fitted",)),
        (("--flops", "1e21", "--coefficients", "gpt3", "--law", "more_compute"), ("needs a law of the loss",)),
        (("--flops", "1e21", "--coefficients", "gpt3", "--law", "chinchila"), ("did you mean 'chinchilla'",)),
        (("--flops", "1e21", "--coefficients", "none.csv"), ("none.csv",)),
        (("--flops", "1e21", "--prices", "none.toml"), ("there is no prices file none.toml",)),
        (("--flops", "1e21", "--unique-tokens", "1e10"), ("knows nothing of repeated tokens",)),
        (
            ("--loss", "2.1", "--unique-tokens", "1e9", "--coefficients", "muennighoff"),
            ("on 1e+09 unique tokens it ends at",),
        ),
        (("--flops", "1e21", "--law", "kaplan"), ("--law is for runs that are fitted now",)),
        (("--flops", "1e21", "--borrow"), ("--borrow is for runs that are fitted now",)),
        (("--hours", "3"), ("--hours needs --hardware: one of A100-40GB, A100-80GB, H100-80GB",)),
        (("--hours", "3", "--hardware", "H100", "--utilisation", "half"), ("such as 0.4, or modelled",)),
        (("--hours", "3", "--utilisation", "modelled"), ("--hours needs --hardware",)),
        (("--hours", "3", "--hardware", "TPU"), ("no device named 'TPU'",)),
        (("--flops", "1e21", "--coefficients", "sardana", "--column", "tokens=x"), ("sardana",)),
    ],
)
def test_a_mistake_is_a_sentence(cli: Cli, words: tuple[str, ...], messages: tuple[str, ...]) -> None:
    refused(cli("plan", *words), 2, *messages)


def test_a_prices_file_with_a_wrong_key_or_no_unit(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("[training]\nprice = 1.4\n")
    refused(cli("plan", "--flops", "1e21", "--prices", file), 2, "price = 1.4 has no unit")
    file.write_text('[training]\nprise = "1.4 $/h"\n')
    refused(cli("plan", "--flops", "1e21", "--prices", file), 2, "did you mean 'price'?")


def test_runs_that_do_not_determine_the_law_are_failed_work(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("run,params,tokens,loss\n" + "".join(f"a,1e8,{k}e9,{3 + 1 / k}\n" for k in range(1, 9)))
    words = (
        "one.csv does not determine chinchilla (",
        "nothing to plan with: add checkpoints",
        "--borrow",
        "published law",
    )
    refused(cli("plan", "--flops", "1e21", "--coefficients", file), 1, *words)
    told = answered(cli("plan", "--flops", "1e21", "--coefficients", file, "--borrow", "--json"))
    assert told["about"].endswith("under the prior of the corpus, as these runs alone do not determine it")
    assert told["intervals"]["params"]["low"] < told["params"] < told["intervals"]["params"]["high"]
    again = cli("plan", "--flops", "1e21", "--coefficients", file, "--borrow", "--law", "kaplan")
    refused(again, 2, "--borrow fits chinchilla, of which the corpus knows what is usual, and not kaplan")


def test_a_fit_holds_its_refits_and_coefficients_that_its_law_allows(cli: Cli, tmp_path: Path) -> None:
    file = write_runs(tmp_path / "runs.csv")
    text = cli("fit", file, "--law", "chinchilla", "--bootstrap", 200, "--json").out
    (tmp_path / "fit.json").write_text(text)
    assert max(map(len, text.splitlines())) > 400  # refits of one coefficient are one line
    by_fit = answered(cli("plan", "--flops", "1e21", "--coefficients", "fit.json", "--json"))
    by_runs = answered(cli("plan", "--flops", "1e21", "--coefficients", file, "--bootstrap", 200, "--json"))
    for name, ends in by_runs["intervals"].items():
        assert by_fit["intervals"][name] == pytest.approx(ends, rel=1e-6)
    assert by_fit["notes"][0].startswith("never tested there")
    assert by_fit["about"].endswith("from fit.json, with 200 refits")
    told = json.loads(text)
    told["refits"]["E"] = told["refits"]["E"][:-1]
    (tmp_path / "fit.json").write_text(json.dumps(told))
    refused(
        cli("plan", "--flops", "1e21", "--coefficients", "fit.json"), 2, "refits needs a list of numbers for each of"
    )
    told["refits"], told["coefficients"]["E"]["value"] = {}, -1
    (tmp_path / "fit.json").write_text(json.dumps(told))
    refused(cli("plan", "--flops", "1e21", "--coefficients", "fit.json"), 2, "E = -1 is out of the range of chinchilla")


def test_where_repeated_data_end_is_said(cli: Cli) -> None:
    asked = ("--unique-tokens", "1e9", "--coefficients", "muennighoff")
    end = "1e+09 unique tokens end at a loss of 2.76145, however often they are repeated, and about 1.2e+21 FLOPs"
    for flops in ("1e23", "1e24"):
        refused(cli("plan", "--flops", flops, *asked), 2, end, "ask for fewer FLOPs")
    for flops in ("1e22", "3e22"):
        notes = " ".join(answered(cli("plan", "--flops", flops, *asked, "--json"))["notes"])
        assert end in notes
        assert "passes over the data are" in notes
        assert "times the most of models as large in datablations-contour (120)" in notes
    few = answered(cli("plan", "--flops", "1e20", *asked, "--json"))["notes"]
    assert few == []


# speed


def test_a_plan_with_published_coefficients_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, io\nfrom scalebook.cli import main\n"
        "sys.argv = 'scalebook plan --like-params 13e9 --inference-tokens 2e12 --coefficients sardana --json'.split()\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()\n"
        "heavy = ('statsmodels', 'scipy', 'matplotlib', 'pandas', 'pyarrow', 'joblib', 'jinja2', 'typst')\n"
        "print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_plan_from_a_file_of_runs_imports_nothing_heavy(tmp_path: Path) -> None:
    file = write_runs(tmp_path / "runs.csv")
    code = (
        "import sys, contextlib, io\nfrom scalebook.cli import main\n"
        f"sys.argv = ['scalebook', 'plan', '--flops', '1e21', '--coefficients', {str(file)!r}, '--json']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()\n"
        "heavy = ('duckdb', 'scipy', 'matplotlib', 'pandas', 'pyarrow.compute', 'pyarrow.parquet', 'joblib')\n"
        "print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
