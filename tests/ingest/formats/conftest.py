"""A user's runs: two sizes, three checkpoints each, and a folder for them that no other test sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from scalebook.corpus.errors import Misuse
from scalebook.ingest.own_runs import load_runs

LINES = """\
run,params,tokens,loss
small,1e8,1e9,4.0
small,1e8,2e9,3.5
small,1e8,4e9,3.25
big,1e9,1e9,3.75
big,1e9,2e9,3.0
big,1e9,4e9,2.75
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_folder: Path) -> Path:
    """Folder of the user's own runs, which is not there yet, beside the small corpus."""
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path / "own runs"))
    return tmp_path / "own runs"


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of the user's."""

    def write(content: str | bytes = LINES, name: str = "mine.csv") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


@pytest.fixture
def mine() -> pd.DataFrame:
    """The runs of `LINES` as they are loaded."""
    return pd.DataFrame(
        {
            "run": ["small"] * 3 + ["big"] * 3,
            "params": [1e8] * 3 + [1e9] * 3,
            "tokens": [1e9, 2e9, 4e9] * 2,
            "loss": [4.0, 3.5, 3.25, 3.75, 3.0, 2.75],
        }
    )


@pytest.fixture
def refused() -> Callable[..., str]:
    """What loading a file is answered with; the file stays as it is."""

    def load(file: Path, *arguments: object, **options: object) -> str:
        before = file.read_bytes() if file.is_file() else b""
        with pytest.raises(Misuse) as error:
            load_runs(file, *arguments, **options)  # type: ignore[arg-type]
        assert (file.read_bytes() if file.is_file() else b"") == before
        return str(error.value)

    return load
