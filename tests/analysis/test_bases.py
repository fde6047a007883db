from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scalebook
from scalebook.analysis.bases import counted, mixture, named, refuse_mixture
from scalebook.analysis.estimation import Options, estimate
from scalebook.analysis.points import Points, families_with_points, family_points, points_of_families
from scalebook.analysis.study import study
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse

SIZES = np.geomspace(1e7, 1e9, 6)


def made(**bases: Any) -> Points:
    params, tokens = (x.ravel() for x in np.meshgrid(SIZES, np.geomspace(1e9, 1e11, 5), indexing="ij"))
    columns = {
        "run": np.array([f"r{n:.0f}" for n in params], object),
        "params": params,
        "tokens": tokens,
        "flops": 6 * params * tokens,
        "loss": 1.8 + 400 * params**-0.34 + 400 * tokens**-0.28,
    }
    return Points("mine", columns | {name: np.asarray(words, object) for name, words in bases.items()})


ONE = made(params_basis=["total"] * 30, flops_basis=["6nd"] * 30)
SIZES_MIXED = made(params_basis=["total"] * 18 + ["active"] * 12, flops_basis=["6nd"] * 30)
FLOPS_MIXED = made(params_basis=["total"] * 30, flops_basis=["reported"] * 10 + ["6nd"] * 20)


def test_bases_are_counted_and_named() -> None:
    assert counted(SIZES_MIXED, "params_basis") == {"total": 18, "active": 12}
    assert (named(ONE, "params_basis"), named(ONE, "flops_basis")) == ("total", "6nd")
    assert named(FLOPS_MIXED, "flops_basis") == "6nd (20), reported (10)"
    assert named(made(), "params_basis") is None
    assert named(made(params_basis=[""] * 30), "params_basis") is None
    assert counted(made(params_basis=[""] * 29 + ["total"]), "params_basis") == {"not stated": 29, "total": 1}


def test_a_mixture_is_told_where_it_matters() -> None:
    assert mixture(ONE, ("params", "tokens", "flops")) == ""
    assert mixture(made(), ("flops",)) == ""
    sizes = "mine: the size of its models is counted in 2 ways: total (18 points), active (12 points)"
    assert mixture(SIZES_MIXED, ("tokens",)) == sizes
    assert mixture(FLOPS_MIXED, ("params", "tokens")) == ""
    told = "mine: training compute is counted in 2 ways: 6nd (20 points), reported (10 points)"
    assert mixture(FLOPS_MIXED, ("flops",)) == told
    with pytest.raises(Misuse, match="say --allow-mixed"):
        refuse_mixture(FLOPS_MIXED, ("flops",))
    refuse_mixture(FLOPS_MIXED, ("flops",), allowed=True)


@pytest.mark.parametrize(
    ("points", "law", "refused"),
    [
        (ONE, "chinchilla", False),
        (SIZES_MIXED, "chinchilla", True),
        (SIZES_MIXED, "compute", True),
        (FLOPS_MIXED, "chinchilla", False),
        (FLOPS_MIXED, "compute", True),
    ],
)
def test_a_fit_refuses_a_mixture_unless_it_is_allowed(points: Points, law: str, refused: bool) -> None:
    if refused:
        with pytest.raises(Misuse, match=r"counted in 2 ways: .* points\); a law of a mixture"):
            estimate(points, law)
    found = estimate(points, law, Options(allow_mixed=True)).as_dict()
    assert found["params_basis"] == named(points, "params_basis")
    assert found["flops_basis"] == named(points, "flops_basis")


def test_what_is_left_out_is_not_mixed() -> None:
    kept = replace(SIZES_MIXED, columns={**SIZES_MIXED.columns, "tokens": ONE["tokens"] * 1.0})
    few = kept.where((kept["params_basis"] == "total") | (kept["tokens"] < 2e9))
    assert estimate(few, "chinchilla", Options(early_tokens=2e9)).as_dict()["params_basis"] == "total"


def test_a_frame_may_say_what_it_counts() -> None:
    frame = pd.DataFrame(dict(SIZES_MIXED.columns))
    with pytest.raises(Misuse, match="counted in 2 ways"):
        scalebook.fit(frame)
    frame["params_basis"] = None
    assert scalebook.fit(frame).as_dict()["params_basis"] is None


def test_no_family_of_the_corpus_mixes_bases() -> None:
    """A source that brings one in must say so here, or split it: its rows of a study would be ``mixed_bases``."""
    with open_corpus() as corpus:
        families = points_of_families(corpus, families_with_points(corpus, sizes=1))
    assert len(families) > 40
    assert [mixed for points in families if (mixed := mixture(points, ("flops",)))] == []
    assert all(named(points, "params_basis") and named(points, "flops_basis") for points in families)


@pytest.fixture(scope="module")
def two_bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A corpus of one family of six sizes, in which half count sizes otherwise, and a third state their FLOPs."""
    from scalebook.ingest.build import read, write
    from scalebook.ingest.source import Source

    folder = tmp_path_factory.mktemp("two")
    source = Source(
        tables=_two_bases,
        title="Two bases",
        repository="nobody/nowhere",
        commit="0" * 40,
        licence="CC0-1.0",
        citation="Nobody (2024)",
        retrieved=datetime.date(2024, 5, 6),
        files={"none": "0"},
        folder="none",
    )
    write(source, read(source, folder), folder)
    with open_corpus(folder) as corpus:
        yield corpus


def test_a_family_of_two_bases_is_read_with_both(two_bases: Corpus) -> None:
    points = family_points(two_bases, "both")
    assert counted(points, "params_basis") == {"active": 3, "total": 3}
    assert counted(points, "flops_basis") == {"6nd": 4, "reported": 2}


def test_a_study_goes_on_and_says_that_bases_are_mixed(two_bases: Corpus, tmp_path: Path) -> None:
    laws = ["compute", "chinchilla"]
    done = study(two_bases, ["sizes_and_fraction"], law_names=laws, families=["both"], cache=tmp_path).results
    assert done["status"].tolist() == ["mixed_bases"] * 2
    assert done["params_basis"].tolist() == ["active (3), total (3)"] * 2
    by_law = done.set_index("law")["reason"]
    assert "active (3 points), total (3 points)" in by_law["chinchilla"]
    assert "compute" not in by_law["chinchilla"]
    assert "training compute is counted in 2 ways" in by_law["compute"]


def _two_bases(_: Path) -> dict[str, pd.DataFrame]:
    runs = [f"both/{k}" for k in range(6)]
    tokens = pd.DataFrame({"run": runs, "tokens": 1e9})
    return {
        "families": pd.DataFrame(
            {
                "family": ["both"],
                "architecture": "moe",
                "data": "x",
                "metric": "loss",
                "split": "validation",
                "related": "x",
            }
        ),
        "runs": pd.DataFrame(
            {
                "run": runs,
                "family": "both",
                "params": SIZES,
                "params_basis": ["total"] * 3 + ["active"] * 3,
                "params_total": [*SIZES[:3], None, None, None],
                "params_active": [None, None, None, *SIZES[3:]],
            }
        ),
        "checkpoints": tokens.assign(
            tokens_basis="reported",
            flops=[1e17, 1e18, *[np.nan] * 4],
            flops_basis=pd.Series(["reported"] * 2 + [""] * 4).replace("", None),
        ),
        "metrics": tokens.assign(
            value=[4.0, 3.8, 3.5, 3.3, 3.2, 3.1],
            metric="loss",
            split="validation",
            how="as_published",
            file="none",
            line=range(1, 7),
        ),
    }


_two_bases.__module__ = "anywhere.two_bases"
