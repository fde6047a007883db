"""What all tests share: the raw sources where they are at hand, the command line, and a small corpus made by a law."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pytest

from scalebook.corpus.database import Corpus, open_corpus

if TYPE_CHECKING:
    from scalebook.analysis.study import Study

ROOT = Path(__file__).resolve().parent.parent

#: Coefficients of the law that made the losses of the small corpus.
TRUTH = {"E": 1.8, "A": 300.0, "B": 2000.0, "alpha": 0.33, "beta": 0.36}
#: Its families: sizes, checkpoints of a run, and the group of related families.
FAMILIES = {"one": (5, 12, "ann"), "two": (5, 10, "ann"), "three": (5, 15, "bob"), "pair": (2, 10, "bob")}
#: Text that a page must not take for markup.
HOSTILE = "<script>alert('&')</script> #strong[*books*] $x$"


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def raw_sources() -> Path:
    """Folder with local copies of the sources; skips the test where there is none."""
    folder = Path(os.environ.get("SCALEBOOK_SOURCES") or ROOT.parent / "shared" / "sources")
    if not folder.is_dir():
        pytest.skip("needs the raw sources: set SCALEBOOK_SOURCES to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _nobodys_own_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What whoever calls the tests has ingested or studied is not in the corpus that they see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setenv("SCALEBOOK_RESULTS", str(tmp_path_factory.mktemp("results")))
        yield


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cache folder of the whole session; results of studies are keyed by content, so tests may share it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kept: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Said]:
    """The command line in this process, where a warning is an error."""
    from scalebook.cli import main

    monkeypatch.setenv("SCALEBOOK_CACHE", str(kept))
    monkeypatch.setenv("SCALEBOOK_RESULTS", str(tmp_path_factory.mktemp("results")))

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["scalebook", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        return Said(int(stopped.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four families that one law made, one without a loss, and one without sizes; built like any other."""
    from scalebook.ingest.build import read, write
    from scalebook.ingest.source import Source

    folder = tmp_path_factory.mktemp("small") / "corpus"
    source = Source(
        tables=_made_up,
        title=HOSTILE,
        repository="nobody/nowhere",
        commit="0" * 40,
        licence="CC0-1.0",
        citation="Nobody & Co. (2024)",
        retrieved=datetime.date(2024, 5, 6),
        files={"none": "0"},
        folder="none",
    )
    write(source, read(source, folder), folder)
    return folder


@pytest.fixture
def small(small_folder: Path) -> Iterator[Corpus]:
    with open_corpus(small_folder) as corpus:
        yield corpus


def _made_up(_: Path) -> dict[str, pd.DataFrame]:
    """Rows of the small corpus: losses of a law, with scatter of a thousandth."""
    rng = np.random.default_rng(0)
    runs, points = [], []
    for family, (sizes, checkpoints, _related) in FAMILIES.items():
        for params in np.geomspace(1e7, 1e9, sizes):
            run = f"{family}/{params:.0f}"
            runs.append({"run": run, "family": family, "params": params, "params_total": params})
            tokens = 40 * params * np.arange(1, checkpoints + 1) / checkpoints
            loss = TRUTH["E"] + TRUTH["A"] * params ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]
            loss *= np.exp(0.001 * rng.normal(size=checkpoints))
            points.append(pd.DataFrame({"run": run, "tokens": tokens, "value": loss}))
    points.append(pd.DataFrame({"run": ["sizeless/x"], "tokens": [1e9], "value": [3.0]}))
    runs += [{"run": f"{name}/x", "family": name} for name in ("sizeless", "silent")]
    measured = pd.concat(points, ignore_index=True)
    measured["split"] = "validation"
    families = pd.DataFrame({"family": [*FAMILIES, "sizeless", "silent"]})
    known = families["family"] != "silent"
    return {
        "families": families.assign(
            related=[*(related for *_, related in FAMILIES.values()), "cid", "cid"],
            architecture="decoder",
            data=HOSTILE,
            metric=known.map({True: "loss", False: None}),
            split=known.map({True: "validation", False: None}),
        ),
        "runs": pd.DataFrame(runs).assign(params_basis=lambda r: r["params"].map(lambda n: "total" if n > 0 else None)),
        "checkpoints": measured[["run", "tokens"]].assign(tokens_basis="reported"),
        "metrics": measured.assign(metric="loss", how="as_published", file="none", line=range(1, len(measured) + 1)),
    }


_made_up.__module__ = "anywhere.made_up"


@pytest.fixture(scope="session")
def small_study(small_folder: Path, kept: Path) -> Study:
    """All studies of the small corpus that the guide takes its findings from."""
    from scalebook.analysis.asked import gather

    with open_corpus(small_folder) as corpus:
        return gather(corpus, cache=kept)
