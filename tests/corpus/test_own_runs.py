"""Where a user's own runs are, and how they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scalebook.corpus.errors import DamagedFile
from scalebook.corpus.own_runs import OwnFamily, own_families, own_runs_folder


def test_the_folder_is_the_named_one_else_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path))
    assert own_runs_folder() == tmp_path
    monkeypatch.delenv("SCALEBOOK_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert own_runs_folder() == tmp_path / "xdg" / "scalebook" / "runs"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert own_runs_folder() == Path.home() / ".local" / "share" / "scalebook" / "runs"


def test_there_may_be_none(tmp_path: Path) -> None:
    assert own_families(tmp_path / "nowhere") == []
    assert own_families(tmp_path) == []
    (tmp_path / "file").touch()
    assert own_families(tmp_path / "file") == []


def entry(folder: Path, name: str, **more: object) -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"family": name, "tables": f"{name}@0a1b", "files": ["/a.csv"], **more}))
    return file


def test_an_entry_names_the_folder_of_its_tables(tmp_path: Path) -> None:
    entry(tmp_path, "b.2")
    entry(tmp_path, "a")
    (tmp_path / ".b.json.part").touch()
    (tmp_path / "a@0a1b").mkdir()
    a, b = own_families(tmp_path)
    assert (a, b.name) == (OwnFamily("a", tmp_path / "a@0a1b", ("/a.csv",)), "b.2")
    assert (a.entry, a.table("runs")) == (tmp_path / "a.json", tmp_path / "a@0a1b" / "runs.parquet")
    assert a.remedy == f"run: scalebook ingest --runs /a.csv --family a, or delete {tmp_path / 'a.json'}"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"family": "a"}', '{"family": "b", "tables": "b@0", "files": []}',
     '{"family": "a", "tables": "../../etc", "files": []}', '{"family": "a", "tables": 7, "files": []}'],
)  # fmt: skip
def test_an_entry_that_is_not_ours_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(
        DamagedFile, match=r"a\.json cannot be read .*; delete it, or run: scalebook ingest --runs FILE"
    ):
        own_families(tmp_path)
