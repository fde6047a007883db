"""A source of two lines, made up for the tests of the machinery."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.source import Source, Tables

LINES = "size,tokens,loss\n1e6,1e8,5.5\n2e6,2e8,5.0\n"
FILES = {"data/losses one.csv": LINES, "data/readme.txt": "two sizes\n"}


def tables(raw: Path) -> Tables:
    points = pd.read_csv(raw / "data/losses one.csv")
    runs = "tiny/" + points["size"].map("{:.0f}".format)
    checkpoints = pd.DataFrame({"run": runs, "tokens": points["tokens"]})
    return {
        "families": pd.DataFrame(
            {"family": ["tiny"], "metric": "loss", "split": "validation", "task": "Pile", "related": "tiny"}
        ),
        "runs": pd.DataFrame({"run": runs, "family": "tiny", "params": points["size"], "params_basis": "nominal"}),
        "checkpoints": checkpoints.assign(tokens_basis="reported"),
        "metrics": checkpoints.assign(
            metric="loss",
            task="Pile",
            split="validation",
            value=points["loss"],
            how="as_published",
            file="data/losses one.csv",
            line=points.index + 2,
        ),
    }


tables.__module__ = "anywhere.tiny_source"


@pytest.fixture
def tiny() -> Source:
    """Card of the source; its name is tiny-source."""
    return Source(
        tables=tables,
        title="Two sizes",
        repository="someone/something",
        commit="0123456789" * 4,
        licence="MIT",
        citation="Someone 2024",
        retrieved=datetime.date(2024, 1, 2),
        files={path: hashlib.sha256(text.encode()).hexdigest() for path, text in FILES.items()},
        folder="tiny",
    )


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Folder with a local copy of the source's files."""
    for path, text in FILES.items():
        file = tmp_path / "local" / "tiny" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, newline="")
    return tmp_path / "local"


@pytest.fixture
def extracted(tiny: Source) -> Source:
    """The same, as a source that cannot be downloaded."""
    return replace(tiny, extracted=True)


@pytest.fixture(autouse=True)
def _no_sources_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCALEBOOK_SOURCES", raising=False)
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
