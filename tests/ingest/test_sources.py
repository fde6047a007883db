"""What holds for every source: a new one is tested here without an edit."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from scalebook.corpus.database import DATA, TABLE_NAMES, open_corpus
from scalebook.ingest.build import read, write
from scalebook.ingest.source import SOURCES, verify

NAMES = list(SOURCES)


@cache
def built(name: str, raw_sources: Path) -> Mapping[str, pa.Table]:
    return read(SOURCES[name], raw_sources / SOURCES[name].folder)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_card_is_complete(name: str) -> None:
    source = SOURCES[name]
    assert source.id == name
    if source.commit or (not source.extracted and source.files):  # else facts that were typed in from papers
        assert re.fullmatch(r"[0-9a-f]{40}", source.commit)
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", source.repository)
    assert source.licence.strip()
    assert source.title.strip()
    assert source.citation.strip()
    for path, digest in source.files.items():
        assert re.fullmatch(r"[0-9a-f]{64}", digest), path
        assert not path.startswith("/")
        assert ".." not in Path(path).parts
    for fix in source.corrections:
        assert fix.reason.strip()
        assert fix.table in TABLE_NAMES
        assert (fix.scale is None) == (not fix.column)


def test_every_hash_is_the_one_of_the_published_card(name: str, raw_sources: Path) -> None:
    source = SOURCES[name]
    verify(source, raw_sources / source.folder)
    card = raw_sources / source.folder / "SOURCE.json"
    if not card.is_file():
        pytest.skip(f"{source.folder} has no card")
    upstream = json.loads(card.read_text(encoding="utf-8"))
    published = {file["path"]: file["sha256"] for file in upstream["files"]}
    assert dict(source.files) == {path: published.get(path) for path in source.files}
    assert source.commit == (upstream["commit"] if re.fullmatch(r"[0-9a-f]{40}", upstream["commit"]) else "")


def test_what_is_committed_is_what_a_build_makes(name: str, raw_sources: Path) -> None:
    done = write(SOURCES[name], dict(built(name, raw_sources)), DATA, only_check=True)
    assert {b.table: b.state for b in done} == dict.fromkeys((b.table for b in done), "unchanged")
    assert {b.table for b in done} <= set(TABLE_NAMES)


def test_every_value_names_a_file_of_the_card(name: str, raw_sources: Path) -> None:
    tables = built(name, raw_sources)
    if "metrics" in tables:
        assert set(tables["metrics"]["file"].unique().to_pylist()) <= set(SOURCES[name].files)


def test_a_family_with_a_metric_has_losses_and_every_run_a_checkpoint() -> None:
    with open_corpus() as corpus:
        assert corpus.rows("select family from families_summary where metric is not null and losses = 0") == []
        assert corpus.rows("select run from runs anti join checkpoints using (run)") == []


def test_no_file_of_a_source_that_is_gone() -> None:
    assert sorted(p.stem for p in (DATA / "sources").iterdir()) == sorted(NAMES)
    for table in TABLE_NAMES:
        assert {p.stem for p in (DATA / table).iterdir()} <= set(NAMES), table


def test_names_are_unique_over_all_sources() -> None:
    with open_corpus() as corpus:
        for table, column in (("families", "family"), ("runs", "run")):
            names = Counter(name for (name,) in corpus.rows(f"select {column} from {table}"))
            assert [n for n, count in names.items() if count > 1] == []
        assert corpus.rows("select family from families where family <> lower(family)") == []
        assert corpus.rows("select run from runs anti join families using (family, source)") == []


def test_the_corpus_is_small() -> None:
    assert sum(p.stat().st_size for p in DATA.rglob("*.parquet")) < 20e6
