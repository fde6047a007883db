from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebook.corpus.database import open_corpus
from scalebook.corpus.errors import BrokenTable, UnknownName
from scalebook.ingest.build import Built, read, write
from scalebook.ingest.source import Source, Tables

MEASURED = ("sources", "families", "runs", "checkpoints", "metrics")
Change = Callable[[Tables], object]


def changed(source: Source, change: Change) -> Source:
    """The source with rows of its own making."""

    def tables(raw: Path) -> Tables:
        made = source.tables(raw)
        change(made)
        return made

    tables.__module__ = source.tables.__module__
    return replace(source, tables=tables)


def assigned(table: str, **columns: Any) -> Change:
    def change(made: Tables) -> None:
        made[table] = made[table].assign(**columns)

    return change


def appended(table: str, **row: Any) -> Change:
    def change(made: Tables) -> None:
        made[table] = pd.concat([made[table], made[table].iloc[-1:].assign(**row)], ignore_index=True)

    return change


def test_the_build_fills_in_source_unit_card_and_independent_runs(tiny: Source, local: Path) -> None:
    tables = read(tiny, local / "tiny")
    assert set(tables) == set(MEASURED)
    assert tables["metrics"]["unit"].to_pylist() == ["nats/token"] * 2
    for table in ("families", "runs", "metrics", "sources"):
        assert set(tables[table]["source"].to_pylist()) == {"tiny-source"}
    assert tables["families"]["independent_runs"].to_pylist() == [2]
    [card] = tables["sources"].to_pylist()
    assert (card["files"], card["commit"], card["extracted"], card["note"]) == (2, "0123456789" * 4, False, None)


def test_branches_and_replicates_are_not_independent(tiny: Source, local: Path) -> None:
    def more(made: Tables) -> None:
        rows = [
            {"run": "tiny/branch", "parent_run": "tiny/1000000", "branch_tokens": 5e7},
            {"run": "tiny/again-1", "replicate_group": "again"},
            {"run": "tiny/again-2", "replicate_group": "again"},
        ]
        made["runs"] = pd.concat([made["runs"], pd.DataFrame(rows).assign(family="tiny")], ignore_index=True)

    tables = read(changed(tiny, more), local / "tiny")
    assert tables["runs"].num_rows == 5
    assert tables["families"]["independent_runs"].to_pylist() == [3]  # two sizes, and one recipe that was repeated


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (assigned("metrics", lose=1.0), "tiny-source metrics: no column 'lose'; the table has run, step"),
        (assigned("metrics", value="x"), "tiny-source metrics: column 'value' is not double"),
        (assigned("metrics", value=None), "tiny-source metrics: 2 rows break 'value is not null'"),
        (assigned("metrics", value=float("nan")), "tiny-source metrics: 2 rows break 'value is not null'"),
        (assigned("metrics", value=31.6), "(a perplexity in a loss column does not)'"),
        (assigned("metrics", metric="lose"), "2 rows break 'metric is in the metric dictionary'"),
        (assigned("checkpoints", tokens=-1.0), "tiny-source checkpoints: 2 rows break 'tokens >= 0'"),
        (
            appended("metrics", line=9),
            "1 row repeats the key, such as run=tiny/2000000, tokens=200000000.0, metric=loss",
        ),
        (appended("runs"), "tiny-source runs: 1 row repeats the key, such as run=tiny/2000000"),
        (appended("families"), "1 row repeats the key, such as family=tiny"),
        (appended("metrics", run="tiny/x"), "metrics: 1 run without a row in runs, such as 'tiny/x'"),
        (appended("checkpoints", run="tiny/x"), "checkpoints: 1 run without a row in runs, such as 'tiny/x'"),
        (appended("metrics", tokens=3e8), "1 (run, step, tokens) without a row in checkpoints"),
        (appended("runs", run="lost/a", family="lost"), "runs: 1 family without a row in families, such as 'lost'"),
        (appended("runs", run="tiny/a", parent_run="tiny/x"), "1 parent_run without a row in runs, such as 'tiny/x'"),
        (lambda made: made.pop("checkpoints"), "tiny-source: no rows for checkpoints"),
    ],
)
def test_a_broken_source_is_told(tiny: Source, local: Path, change: Change, message: str) -> None:
    with pytest.raises(BrokenTable) as error:
        read(changed(tiny, change), local / "tiny")
    assert message in str(error.value)


def test_a_source_may_quote_papers_and_measure_nothing(tiny: Source, local: Path, tmp_path: Path) -> None:
    def only_hardware(made: Tables) -> None:
        made.clear()
        made["hardware"] = pd.DataFrame({"device": ["A100"], "precision": "bf16", "peak_flops": 3.12e14})

    tables = read(changed(tiny, only_hardware), local / "tiny")
    assert set(tables) == {"sources", "hardware"}
    write(tiny, tables, tmp_path / "corpus")
    with open_corpus(tmp_path / "corpus") as corpus:
        assert corpus.rows("select device, source from hardware") == [("A100", "tiny-source")]
        assert corpus.rows("from losses") == []


def test_a_table_that_does_not_exist_is_told(tiny: Source, local: Path) -> None:
    with pytest.raises(UnknownName, match="no table named 'losses'"):
        read(changed(tiny, lambda made: made.update(losses=made["metrics"])), local / "tiny")


def test_every_table_is_written_and_then_unchanged(tiny: Source, local: Path, tmp_path: Path) -> None:
    tables = read(tiny, local / "tiny")
    rows = {"sources": 1, "families": 1, "runs": 2, "checkpoints": 2, "metrics": 2}
    done = write(tiny, tables, tmp_path / "corpus")
    assert set(done) == {Built("tiny-source", t, n, "written") for t, n in rows.items()}
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "corpus").rglob("*.parquet")}
    assert {b.state for b in write(tiny, tables, tmp_path / "corpus")} == {"unchanged"}
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "corpus").rglob("*.parquet")} == times
    with open_corpus(tmp_path / "corpus") as corpus:
        assert corpus.rows("select run, params, tokens, loss, unit from losses order by run") == [
            ("tiny/1000000", 1e6, 1e8, 5.5, "nats/token"),
            ("tiny/2000000", 2e6, 2e8, 5.0, "nats/token"),
        ]


def test_checking_compares_and_writes_nothing(tiny: Source, local: Path, tmp_path: Path) -> None:
    tables = read(tiny, local / "tiny")
    corpus = tmp_path / "corpus"
    assert {b.state for b in write(tiny, tables, corpus, only_check=True)} == {"missing"}
    assert not corpus.exists()
    write(tiny, tables, corpus)
    other = read(changed(tiny, assigned("metrics", how="digitised")), local / "tiny")
    states = {b.table: b.state for b in write(tiny, other, corpus, only_check=True)}
    assert states == dict.fromkeys(MEASURED, "unchanged") | {"metrics": "differs"}
    assert pq.read_table(corpus / "metrics" / "tiny-source.parquet").equals(tables["metrics"], check_metadata=True)


@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: content[:-9], lambda content: content[:60] + content]
)
def test_a_damaged_file_is_written_again(
    tiny: Source, local: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    tables = read(tiny, local / "tiny")
    write(tiny, tables, tmp_path)
    file = tmp_path / "metrics" / "tiny-source.parquet"
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert {b.table: b.state for b in write(tiny, tables, tmp_path)}["metrics"] == "written"
    assert file.read_bytes() == whole


def test_units_and_meanings_are_in_the_files(tiny: Source, local: Path, tmp_path: Path) -> None:
    write(tiny, read(tiny, local / "tiny"), tmp_path)
    field = pq.read_schema(tmp_path / "checkpoints" / "tiny-source.parquet").field("flops")
    assert field.metadata[b"unit"] == b"FLOP"
    assert b"null unless the source states it" in field.metadata[b"meaning"]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_rows_in_a_source_does_not_change_a_byte(
    tiny: Source, local: Path, tmp_path: Path, seed: int
) -> None:
    def shuffle(made: Tables) -> None:
        for name, rows in made.items():
            made[name] = rows.sample(frac=1, random_state=seed)

    write(tiny, read(tiny, local / "tiny"), tmp_path / "a")
    write(tiny, read(changed(tiny, shuffle), local / "tiny"), tmp_path / "b")
    for file in (tmp_path / "a").rglob("*.parquet"):
        assert (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes() == file.read_bytes()
