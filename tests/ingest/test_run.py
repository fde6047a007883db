from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scalebook.corpus.errors import UnknownName
from scalebook.ingest import run
from scalebook.ingest.run import Ingested, ingest
from scalebook.ingest.source import SOURCES, Source, Tables

Register = Callable[..., None]
CSV = "data/losses one.csv"


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Put sources in the place of the real ones."""

    def put(**sources: Source) -> None:
        monkeypatch.setattr(run, "SOURCES", sources)

    return put


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_all_sources_are_built_and_each_outcome_is_told(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    register(tiny=tiny)
    told: list[Ingested] = []
    done = ingest([], tmp_path / "corpus", local=local, told=told.append)
    assert told == done
    assert [(d.source, d.ok, len(d.files)) for d in done] == [("tiny-source", True, 5)]
    assert len(files_in(tmp_path / "corpus")) == 5
    again = ingest(["tiny"], tmp_path / "corpus", local=local)
    assert {f.state for f in again[0].files} == {"unchanged"}


def test_one_flipped_byte_is_told_with_both_hashes_and_nothing_is_written(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    register(tiny=tiny)
    content = bytearray((local / "tiny" / CSV).read_bytes())
    content[25] ^= 1
    (local / "tiny" / CSV).write_bytes(content)
    [done] = ingest([], tmp_path / "corpus", local=local)
    assert not done.ok
    assert f"{CSV} has sha256 " in done.error
    assert f"the card says {tiny.files[CSV]}. Nothing was written" in done.error
    assert not (tmp_path / "corpus").exists()


def test_a_source_that_breaks_in_a_later_table_writes_none(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    def tables(raw: Path) -> Tables:
        made = tiny.tables(raw)
        return made | {"metrics": made["metrics"].assign(value=99.0)}

    tables.__module__ = "broken_source"
    register(tiny=replace(tiny, tables=tables))
    [done] = ingest([], tmp_path / "corpus", local=local)
    assert "2 rows break 'value lies in the range" in done.error
    assert not (tmp_path / "corpus").exists()


def test_one_failure_does_not_keep_the_others_from_being_built(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    register(first=replace(tiny, files={"gone.csv": "0" * 64}), second=replace(tiny, folder="elsewhere"), third=tiny)
    first, second, third = ingest([], tmp_path / "corpus", local=local)
    assert "gone.csv is missing" in first.error
    assert "has no folder 'elsewhere'" in second.error
    assert third.ok
    assert third.files


def test_extracted_sources_are_skipped_cleanly_where_there_is_no_copy(
    extracted: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    register(extracted=extracted)
    [done] = ingest([], tmp_path / "corpus", offline=True)
    assert done.ok
    assert done.files == ()
    assert "give a copy: --from DIR" in done.skipped
    [done] = ingest([], tmp_path / "corpus", local=local, offline=True)
    assert done.skipped == ""
    assert len(done.files) == 5


def test_checking_tells_what_differs_and_writes_nothing(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    corpus = tmp_path / "corpus"
    register(tiny=tiny)
    [done] = ingest([], corpus, local=local, check=True)
    assert not done.ok
    assert not corpus.exists()
    ingest([], corpus, local=local)
    assert ingest([], corpus, local=local, check=True)[0].ok
    register(tiny=replace(tiny, title="Another title"))
    [done] = ingest([], corpus, local=local, check=True)
    assert not done.ok
    assert [f.table for f in done.files if f.state == "differs"] == ["sources"]


def test_a_folder_that_cannot_be_written_is_an_error_of_that_source(
    tiny: Source, local: Path, tmp_path: Path, register: Register
) -> None:
    register(tiny=tiny)
    (tmp_path / "corpus").write_text("a file stands here")
    [done] = ingest([], tmp_path / "corpus", local=local)
    assert not done.ok
    assert str(tmp_path / "corpus") in done.error


def test_an_unknown_source_is_told_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no source named 'colpret-gtp3'; did you mean 'colpret-gpt3'"):
        ingest([next(iter(SOURCES)), "colpret-gtp3"], tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_what_is_not_at_hand_offline_is_skipped_with_the_reason(
    tiny: Source, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(tiny=tiny)
    monkeypatch.delenv("SCALEBOOK_SOURCES", raising=False)
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    (done,) = ingest([], tmp_path / "corpus", offline=True)
    assert "--offline forbids to download" in done.skipped
    assert done.ok
    assert not (tmp_path / "corpus").exists()


def test_an_unchanged_source_is_not_built_again(
    tiny: Source, local: Path, tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    register(tiny=tiny)
    into = tmp_path / "corpus"
    ingest([], into, local=local)

    def refuse(*_: object) -> None:
        raise AssertionError("built again")

    with monkeypatch.context() as patched:
        patched.setattr(run, "read", refuse)
        (known,) = ingest([], into, local=local)
        assert known.ok
        assert {f.state for f in known.files} == {"unchanged"}
        with pytest.raises(AssertionError, match="built again"):
            ingest([], into, local=local, check=True)
        register(tiny=replace(tiny, files={**tiny.files, "more.csv": "0" * 64}))
        (other,) = ingest([], into, local=local)
        assert "more.csv is missing" in other.error
    register(tiny=tiny)
    damaged = into / "metrics" / f"{tiny.id}.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-10])
    (mended,) = ingest([], into, local=local)
    assert {f.table: f.state for f in mended.files}["metrics"] == "written"


def test_files_are_verified_even_where_nothing_is_built(
    tiny: Source, local: Path, tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    register(tiny=tiny)
    ingest([], tmp_path / "corpus", local=local)
    (local / "tiny" / CSV).write_bytes(b"another file")
    (done,) = ingest([], tmp_path / "corpus", local=local)
    assert f"{CSV} has sha256 " in done.error
