"""A user's own law, from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.comparison import compare
from scalebook.analysis.estimation import Options, estimate
from scalebook.analysis.fit import fit_batch
from scalebook.analysis.law import find_law, laws
from scalebook.analysis.points import family_points
from scalebook.analysis.study import Study, study
from scalebook.analysis.variants import canonical, law_named
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(GOOD,) = re.findall(r"^```py\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
UNCERTAIN = GOOD.replace('"nats/token", linear=True)', '"nats/token")')


def test_a_law_of_ones_own_is_fitted_in_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my_law.py"
    file.write_text(GOOD)
    law = find_law(file)
    assert law.name == "my_law"
    rng = np.random.default_rng(0)
    tables = []
    for alpha in (0.1, 0.15, 0.2):
        n, d = np.exp(rng.uniform(16, 23, 40)), np.exp(rng.uniform(20, 26, 40))
        loss = law.predict(n, d, E=1.5, A=1e18**alpha, alpha=alpha)
        tables.append({"params": n, "tokens": d, "loss": loss})
    monkeypatch.setattr(batch, "PROBLEMS", 1)
    one, two = fit_batch(law, tables), fit_batch(law, tables, jobs=2)
    assert [f.values["alpha"] for f in one] == pytest.approx([0.1, 0.15, 0.2], rel=1e-6)
    assert [f.values for f in one] == [f.values for f in two]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (", "does not run: SyntaxError"),
        ("import nowhere_at_all", "does not run: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("LAW = 3", "must hold LAW, a scalebook.analysis.law.Law; it holds int"),
        ("", "it holds NoneType"),
        (GOOD.replace('("params", "tokens")', '("params",)'), "does not run: TypeError: .*predict takes"),
        (
            GOOD.replace('"nats/token", linear=True)', '"nats/token")'),
            "does not run: TypeError: floor: give either linear=True or a range",
        ),
    ],
)
def test_a_broken_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(Misuse, match=message):
        find_law(str(file))


def test_a_name_is_looked_up_and_a_missing_file_is_named() -> None:
    assert find_law("chinchilla") is laws["chinchilla"]
    with pytest.raises(UnknownName, match="did you mean 'chinchilla'"):
        find_law("chinchila")
    with pytest.raises(Misuse, match=r"there is no file none\.py"):
        find_law("./none.py")


@pytest.fixture
def small() -> Iterator[Corpus]:
    with open_corpus() as corpus:
        yield corpus


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "my_law.py"
    file.write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return file


def test_a_file_is_taken_where_a_law_is_named(mine: Path, small: Corpus) -> None:
    gpt3 = family_points(small, "gpt3")
    found = estimate(gpt3, "./my_law.py", Options(bootstraps=200))
    assert found.fit.law is law_named(str(mine))
    assert found.fit.status == "converged"
    held = estimate(gpt3, "./my_law.py[alpha=0.1]").fit
    assert held.law.name == "my_law[alpha=0.1]"
    assert held.values["alpha"] == 0.1
    assert canonical("./my_law.py[alpha=0.1]") == f"{mine}[alpha=0.1]"
    trials = compare(gpt3, ["./my_law.py", "chinchilla"]).trials
    assert {t.law for t in trials} == {"my_law", "chinchilla"}


def test_a_study_in_two_processes_takes_it_and_does_it_again_when_it_changes(
    mine: Path, small: Corpus, tmp_path: Path
) -> None:
    def run(jobs: int) -> Study:
        names = ["./my_law.py", "./my_law.py[alpha=0.1]"]
        return study(small, ["all_but_largest"], law_names=names, families=["gpt3"], cache=tmp_path, jobs=jobs)

    first = run(2)
    assert set(first.results["law"]) == {str(mine), f"{mine}[alpha=0.1]"}
    assert set(first.results["status"]) == {"converged"}
    assert run(1).reused > 0
    mine.write_text(GOOD.replace("(0.02, 0.8)", "(0.03, 0.8)"))
    assert run(1).reused == 0


@pytest.mark.parametrize("objective", ["huber-log", "likelihood"])
def test_the_command_line_takes_it(mine: Path, cli: Callable[..., Any], objective: str) -> None:
    said = cli("fit", "gpt3", "--law", f"./{mine.name}", "--objective", objective, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["law"] == "my_law"
    assert json.loads(said.out)["objective"] == objective
    assert "there is no file" in cli("fit", "gpt3", "--law", "./none.py").err
