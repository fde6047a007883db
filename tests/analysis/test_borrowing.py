"""Coefficients from families and published laws, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebook.analysis.borrowing import resolve
from scalebook.analysis.comparison import compare
from scalebook.analysis.estimation import Options, estimate
from scalebook.analysis.fit import Fit, fit
from scalebook.analysis.law import Law, laws
from scalebook.analysis.points import Points, family_points
from scalebook.analysis.published import published
from scalebook.analysis.variants import law_named
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, ScalebookError

CHINCHILLA = laws["chinchilla"]


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with open_corpus(own_runs=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def mine() -> Points:
    """Four runs of twelve checkpoints, with a little noise."""
    rng = np.random.default_rng(0)
    params, tokens = np.repeat(np.geomspace(3e7, 1e9, 4), 12), np.tile(np.geomspace(1e9, 3e10, 12), 4)
    loss = CHINCHILLA.predict(params, tokens, E=1.7, A=400.0, B=500.0, alpha=0.34, beta=0.29)
    run = np.array([f"run {n:.0f}" for n in params], object)
    columns = {"params": params, "tokens": tokens, "flops": 6 * params * tokens}
    return Points("mine", columns | {"run": run, "loss": loss * np.exp(2e-3 * rng.normal(size=48))})


def of(law: Law, points: Points) -> Fit:
    return fit(law, points.columns, starts=16)


def test_a_family_lends_what_its_own_fit_says(mine: Points, corpus: Corpus) -> None:
    found = estimate(mine, "chinchilla[A=gpt3,alpha=gpt3]")
    own = of(CHINCHILLA, family_points(corpus, "gpt3")).values
    assert found.fit.status == "converged"
    assert {k: found.fit.values[k] for k in ("A", "alpha")} == pytest.approx(
        {k: own[k] for k in ("A", "alpha")}, rel=1e-6
    )
    said = found.as_dict()["borrowed"]
    assert [(one["coefficient"], one["lender"]) for one in said] == [("A", "gpt3"), ("alpha", "gpt3")]
    assert said[0]["value"] == found.fit.values["A"]
    assert said[0]["source"] == "family, its own fit of chinchilla by huber-log"
    assert estimate(mine, "chinchilla").as_dict()["borrowed"] == []


def test_the_same_law_and_objective_are_fitted_to_the_lender(mine: Points, corpus: Corpus) -> None:
    found = estimate(mine, "chinchilla[A=gpt3,beta=alpha]", Options(objective="lsq-log"))
    own = fit(CHINCHILLA.constrain(beta="alpha"), family_points(corpus, "gpt3").columns, objective="lsq-log", starts=16)
    assert found.fit.values["A"] == pytest.approx(own.values["A"], rel=1e-6)
    assert found.borrowed[0].source == "family, its own fit of chinchilla[beta=alpha] by lsq-log"


def test_a_published_law_lends_what_it_states(mine: Points, corpus: Corpus) -> None:
    found = estimate(mine, "chinchilla[A=hoffmann2022-t,alpha=hoffmann2022-t]")
    stated = published(corpus, "hoffmann2022-tex").coefficients
    assert {b.coefficient: b.value for b in found.borrowed} == {"A": stated["A"], "alpha": stated["alpha"]}
    assert found.borrowed[0].lender == "hoffmann2022-tex"
    assert found.borrowed[0].source.startswith("published law, L(N,D) = E + A/N^alpha + B/D^beta; smoothed")


def test_a_coefficient_comes_before_a_family_of_its_name(mine: Points) -> None:
    assert resolve("chinchilla[beta=alpha]", mine, "huber-log", of).law == CHINCHILLA.constrain(beta="alpha")


@pytest.mark.parametrize(
    ("law", "changed", "message"),
    [
        ("chinchilla[A=gp3]", {}, "no coefficient, family or published law named 'gp3'; did you mean 'gpt3'"),
        ("chinchilla[gamma=gpt3]", {}, "no coefficient named 'gamma'"),
        ("chinchilla[A=pythia]", {}, "pythia cannot lend: its loss is in nats/target, and that of mine in nats/token"),
        (
            "chinchilla[A=cerebras-gpt]",
            {},
            r"cerebras-gpt cannot lend: its own fit of chinchilla is not identified \(.*borrow",
        ),
        ("chinchilla[A=gpt3]", {"family": "gpt3"}, "gpt3 cannot borrow from itself; name another family, or leave"),
        (
            "chinchilla[A=gpt3]",
            {"basis": "non-embedding+head"},
            r"gpt3 cannot lend: its sizes are counted as \S+, and those to be fitted as non-embedding\+head",
        ),
        (
            "chinchilla[A=krajewski2024-dense]",
            {"basis": "total"},
            "krajewski2024-dense cannot lend: its sizes are counted as non-embedding, and those to be fitted as total",
        ),
        ("chinchilla[A=cerebras2023-LC]", {}, "it states C0, alpha, E, and not A, B, beta; give the value as a number"),
        ("minicpm[C_N=minicpm2024-loss]", {}, r"minicpm2024-loss cannot lend"),
        ("chinchilla[A=hoffmann2022-]", {}, "no published law named 'hoffmann2022-'"),
        ("chinchilla[subspace=4]", {}, r"write chinchilla\[subspace=3\] \(or 1 or 2\), nothing else"),
        ("chinchilla[subspace=3,A=4]", {}, "nothing else"),
        ("kaplan[subspace=3]", {}, "a subspace is one of the form chinchilla"),
    ],
)
def test_who_cannot_lend_is_refused(mine: Points, law: str, changed: dict[str, Any], message: str) -> None:
    points = replace(mine, family=changed.get("family", "mine"))
    if basis := changed.get("basis"):
        points = replace(points, columns={**mine.columns, "params_basis": np.full(len(mine), basis, object)})
    with pytest.raises(ScalebookError, match=message):
        resolve(law, points, "huber-log", of)


def test_the_reduced_law_is_learnt_from_unrelated_families(corpus: Corpus, mine: Points) -> None:
    gadre = family_points(corpus, "gadre-c4")
    found = estimate(gadre, "chinchilla[subspace=2]")
    said = found.as_dict()
    assert said["law"] == "chinchilla[subspace=2]"
    assert set(said["coefficients"]) == {"z1", "z2"}
    assert len(said["subspace"]["families"]) >= 4
    groups = [family_points(corpus, name).related for name in said["subspace"]["families"]]
    assert gadre.related not in groups
    at = {"params": 1e9, "tokens": 1e11}
    assert CHINCHILLA.predict(**at, **said["subspace"]["coefficients"]) == pytest.approx(float(found.fit.predict(**at)))
    assert estimate(mine, "chinchilla").as_dict()["subspace"] is None


@pytest.mark.parametrize("name", ["chinchilla[A=gpt3]", "chinchilla[subspace=3]"])
def test_where_nothing_is_borrowed_the_name_says_who_does(name: str) -> None:
    with pytest.raises(
        Misuse, match=r"no coefficient named .*; only `scalebook fit` takes families, published laws and sub"
    ):
        law_named(name)


def test_a_comparison_takes_borrowed_coefficients(mine: Points) -> None:
    trials = compare(mine, ["chinchilla[A=gpt3,alpha=gpt3]", "chinchilla"]).trials
    assert {t.status for t in trials} == {"converged"}
    with pytest.raises(Misuse, match="pythia cannot lend"):
        compare(mine, ["chinchilla[A=pythia]"])


def test_the_command_line_says_what_was_borrowed(mine: Points, cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    rows = zip(*(mine[name].tolist() for name in ("run", "params", "tokens", "loss")), strict=True)
    file.write_text("\n".join(["run,params,tokens,loss", *(",".join(map(str, row)) for row in rows)]))
    said = cli("fit", file, "--law", "chinchilla[A=gpt3,alpha=gpt3]")
    assert "borrowed   A = 102.382 from gpt3 (family, its own fit of chinchilla by huber-log)" in said.out
    reduced = cli("fit", file, "--law", "chinchilla[subspace=3]")
    assert "learnt     from " in reduced.out
    assert "stands for A " in reduced.out
    given = cli("fit", file, "--law", "chinchilla[E=1.7,A=400,B=500,alpha=.34,beta=.29]", "--objective", "lad-log")
    assert given.code == 0
    assert "delta" not in given.out
    assert "starts agree" not in given.out
    assert "intervals  none: every coefficient is given" in given.out
    assert "noise      0.00" in given.out
    assert json.loads(cli("fit", file, "--law", "chinchilla[A=gpt3]", "--json").out)["borrowed"][0]["lender"] == "gpt3"
    refused = cli("fit", file, "--law", "chinchilla[E=1.7,A=400,B=500,alpha=.34,beta=.29]", "--bootstrap", 10)
    assert "are given" in refused.err
