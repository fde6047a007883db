"""A user's own law, from a file."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.comparison import compare
from scalebook.analysis.estimation import Options, estimate
from scalebook.analysis.fit import fit_batch
from scalebook.analysis.law import find_law, laws, load_law
from scalebook.analysis.points import family_points
from scalebook.analysis.soundness.check import check
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


SUM = "E + A * (params * tokens) ** -alpha"
DIMS = 'dims={"params": "alpha", "tokens": "alpha"}'


def written(
    formula: str = SUM, more: str = "", *, A: str = f"linear=True, {DIMS}", alpha: str = "start=(0.02, 0.8)"
) -> str:
    """A law of three coefficients."""
    return f"""
import math
import numpy as np
from scalebook.analysis.law import Coefficient, Law

def predict(params, tokens, *, E, A, alpha):
    {more or "pass"}
    return {formula}

LAW = Law(predict=predict, inputs=("params", "tokens"), cite="me2024", coefficients={{
    "E": Coefficient("floor", "nats/token", linear=True),
    "A": Coefficient("level", "nats/token", {A}),
    "alpha": Coefficient("power", high=3.0, {alpha}),
}})
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (written(A='linear=True, dims={"params": "gamma"}'), r"A has dims .*'gamma' is no coefficient; a power is"),
        (
            written(A='linear=True, dims={"params": "2*"}'),
            r"A has dims .*'2\*' is no expression; write a number or such",
        ),
        (written(A='linear=True, dims={"size": "alpha"}'), "A has dims of 'size', which is no input .*params, tokens"),
        (written(A="linear=True"), r"A has no dims, .* must hold \{'params': 'alpha'\}"),
        (
            written(A='linear=True, dims={"params": "alpha"}'),
            r"unit of tokens: its dims must hold \{'tokens': 'alpha'\}",
        ),
        (written(A='linear=True, dims={"params": "alpha", "tokens": -1.0}'), r"must hold \{'tokens': 'alpha'\}"),
        (written("E + A * params**-alpha"), "A has dims=.*does not change with the unit of tokens: leave 'tokens' out"),
        (
            written("E + A * np.log(params) / tokens**alpha"),
            "A has dims of 'params', and predict changes .*leave 'params'",
        ),
        (
            written("E + A * np.where(params > 1e8, params, 1e8) ** -alpha"),
            "differentiated .*np.minimum or np.maximum in place",
        ),
        (
            written("E + A * math.exp(-alpha)"),
            "cannot be differentiated .*must be real number.*np.exp in place of math.exp",
        ),
        (written("E + A * np.sin(alpha)"), r"a law cannot use np\.sin"),
        (written("E if params > 1e9 else A"), "predict fails on arrays .*truth value"),
        (written(more="raise ValueError('x')"), r"predict fails on arrays \(ValueError: x\)"),
        (written(more="if isinstance(E, float) and E > 1.2: raise KeyError('x')"), "predict .*KeyError"),
        (written("None"), "returns NoneType for 16 points: it must return one number for each point"),
        (written("np.ones(3)"), r"returns ndarray of shape \(3,\)"),
        (written("5.0"), "returns float whatever the coefficients are: it must be computed from them"),
        (written("E + (params * tokens) ** -alpha"), "A does not change what predict returns: use it in the formula"),
        (
            written("E + A**2 * (params * tokens) ** -alpha"),
            r"A has linear=True, and predict is not linear in it: give start",
        ),
        (
            written("E * (1 + A * (params * tokens) ** -alpha)"),
            "E, A have linear=True, .*linear in all of them together",
        ),
        (written(alpha="start=(0.8, 0.02)"), r"alpha has start=\(0.8, 0.02\): write the lower end first"),
        (written(alpha="start=(4.0, 9.0)"), r"alpha has start=\(4.0, 9.0\) outside its bounds, 0 to 3"),
        (written("E * float('nan') + A * alpha"), "predict is not finite where a search starts, such as E=1, A="),
        (written("-E - A * (params * tokens) ** -alpha"), "predict is not positive where a search starts"),
    ],
)
def test_a_law_that_a_fit_could_not_rely_on_is_explained(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(Misuse, match=message) as said:
        find_law(file)
    assert str(said.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    "text",
    [
        written(),
        written(
            "E + np.exp(np.logaddexp(np.log(A) - alpha * np.log(params), -alpha * np.log(tokens)))",
            A='start=(0.4, 4.0), log=True, dims={"params": "alpha"}',
        ),
        written("E - A * np.log(params / 1e12) + 0.1 * alpha", A="linear=True"),
    ],
    ids=["power", "no complex numbers", "logarithm"],
)
def test_a_sound_law_passes_in_little_time(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    law = load_law(file)
    spent = []
    for _ in range(3):
        begin = time.process_time()
        check(law)
        spent.append(time.process_time() - begin)
    assert min(spent) < 0.05


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
