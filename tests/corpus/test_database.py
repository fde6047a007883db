from __future__ import annotations

import hashlib
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from scalebook.corpus.database import DATA, TABLE_NAMES, VIEW_NAMES, Corpus, data_folder, open_corpus
from scalebook.corpus.errors import DamagedFile, Misuse, UnknownName
from scalebook.corpus.tables import TABLES

NAME = "colpret-gpt3"
MEASURED = ("sources", "families", "runs", "checkpoints", "metrics")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of one source, in a folder whose name needs quoting."""
    copy = tmp_path / "a user's corpus"
    for table in MEASURED:
        (copy / table).mkdir(parents=True)
        shutil.copy(DATA / table / f"{NAME}.parquet", copy / table)
    return copy


@pytest.fixture
def corpus(folder: Path) -> Iterator[Corpus]:
    with open_corpus(folder) as opened:
        yield opened


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its hash."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


def test_tables_have_the_columns_that_they_promise(corpus: Corpus) -> None:
    assert set(TABLE_NAMES) == set(TABLES)  # the names are written down twice, since the tables load slowly
    for name in TABLE_NAMES:
        table = TABLES[name]
        assert corpus.columns(name) == [(c, table.column(c).type) for c in table.columns]
    assert set(corpus.names) >= {*TABLE_NAMES, *VIEW_NAMES}
    with pytest.raises(UnknownName, match=r"no table named 'run'; did you mean 'runs'\?"):
        corpus.columns("run")


def test_rows_frame_arrow_and_text_say_the_same(corpus: Corpus) -> None:
    sql = "select run, params from runs where params > ? order by run"
    rows = corpus.rows(sql, [5e9])
    assert rows == [("gpt3/13b", 13e9), ("gpt3/175b", 175e9), ("gpt3/6.7b", 6.7e9)]
    frame = corpus.frame(sql, [5e9])
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.itertuples(index=False, name=None)) == rows
    arrow = corpus.arrow(sql, [5e9])
    assert isinstance(arrow, pa.Table)
    assert [tuple(r.values()) for r in arrow.to_pylist()] == rows
    assert "gpt3/13b" in corpus.rendered("from runs")


def test_results_may_be_fetched_in_any_order(corpus: Corpus) -> None:
    half_read = corpus.query("select run from runs order by run")
    first = half_read.fetchone()
    assert corpus.arrow("select 1").num_rows == 1
    assert corpus.rendered("select 1")
    assert corpus.rows("select 2") == [(2,)]
    assert [first, *half_read.fetchall()] == corpus.rows("select run from runs order by run")


def test_a_relative_folder_and_the_environment_are_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALEBOOK_CORPUS", raising=False)
    assert data_folder() == DATA
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("SCALEBOOK_CORPUS", folder.name)
    with open_corpus() as corpus:
        assert corpus.folder == Path(folder.name)
        assert corpus.rows("select count(*) from runs") == [(8,)]


def test_a_folder_without_a_corpus_is_named_with_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=rf"no corpus in {tmp_path}: .*; run: scalebook ingest --into {tmp_path}"):
        open_corpus(tmp_path)


@pytest.mark.parametrize("keep", [0, 3, 100, 0.5, -20])
def test_a_truncated_file_is_named_with_what_to_run(folder: Path, keep: float) -> None:
    file = folder / "metrics" / f"{NAME}.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(keep * len(whole)) if 0 < keep < 1 else int(keep)])
    with pytest.raises(DamagedFile) as error, open_corpus(folder) as corpus:
        corpus.rows("select avg(value), min(file) from metrics")
    assert str(error.value).startswith(f"{file} cannot be read (")
    assert str(error.value).endswith(f"; run: scalebook ingest {NAME}")


@pytest.mark.parametrize("form", ["rows", "frame", "arrow", "rendered"])
def test_a_file_damaged_in_the_middle_is_named_too(folder: Path, form: str) -> None:
    file = folder / "metrics" / f"{NAME}.parquet"
    content = bytearray(file.read_bytes())
    content[100:-8000] = bytes(len(content) - 8100)
    file.write_bytes(content)
    with open_corpus(folder) as corpus, pytest.raises(DamagedFile, match=f"run: scalebook ingest {NAME}"):
        getattr(corpus, form)("from metrics order by all")


def test_a_missing_file_is_named(corpus: Corpus, folder: Path) -> None:
    (folder / "runs" / f"{NAME}.parquet").unlink()
    with pytest.raises(DamagedFile, match=f"run: scalebook ingest {NAME}"):
        corpus.rows("from runs")


@pytest.mark.parametrize("form", ["rows", "frame", "arrow", "rendered"])
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select * form runs where", "Parser Error"),
        ("select paramz from runs", '"paramz" not found'),
        ("from ruins", "ruins does not exist"),
        ("select error('at run time') from runs", "at run time"),
        ("select cast(run as int) from runs", "Conversion Error"),
    ],
)
def test_a_wrong_query_is_misuse_in_duckdbs_words(corpus: Corpus, form: str, sql: str, words: str) -> None:
    with pytest.raises(Misuse, match=words) as error:
        getattr(corpus, form)(sql)
    assert error.value.exit_code == 2


def test_pivots_are_carried_out(corpus: Corpus) -> None:
    for _ in range(2):  # the columns of the first do not stay for the second
        assert corpus.rows("pivot runs on params in (125e6) using count(*) group by family") == [("gpt3", 1)]
        shares = corpus.frame("pivot metrics on split using count(*) group by source")
        assert list(shares.columns) == ["source", "train", "validation"]
        assert shares["train"][0] + shares["validation"][0] == 12097


HOSTILE = [
    "copy runs to '{secret}'",
    "copy runs to '{corpus}' (format parquet, use_tmp_file false)",
    "with x as (copy (select 1) to '{corpus}' (format parquet, use_tmp_file false)) select 1",
    "with x as materialized (/**/COPY (select 1) to '{corpus}' (use_tmp_file false)) from x",
    "explain analyze with x as (copy (select 1) to '{corpus}' (use_tmp_file false)) select 1",
    "/* reads */ -- only\n explain analyze copy runs to '{corpus}' (use_tmp_file false)",
    "explain (analyze) copy runs to '{corpus}' (use_tmp_file false)",
    "copy (pivot runs on params using count(*)) to '{corpus}' (format parquet, use_tmp_file false)",
    "with x as (copy (select 1) to '{corpus}') pivot x on 1 using count(*)",
    "from query('with x as (copy (select 1) to ''{corpus}'' (use_tmp_file false)) select 1')",
    "from query('w' || 'ith x as (cop' || 'y (select 1) to ''{corpus}'' (use_tmp_file false)) select 1')",
    "from json_execute_serialized_sql(json_serialize_sql('with x as (cop' || 'y (select 1) to ''{corpus}'') from x'))",
    "select (with x as (copy (select 1) to '{corpus}' (use_tmp_file false)) select 1)",
    "from runs, lateral (with x as (copy (select run) to '{corpus}') select 1)",
    "select 1; copy runs to '{corpus}'",
    "export database '{folder}/dump'",
    "attach '{folder}/new.db'",
    "create table a as from read_text('{secret}')",
    "create or replace view runs as select 1",
    "drop view runs",
    "insert into runs select * from runs",
    "with x as (insert into runs select * from runs returning *) from x",
    "install httpfs",
    "load httpfs",
    "load '{secret}'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "pragma enable_profiling",
    "reset allowed_paths",
    "prepare a as copy runs to '{corpus}'",
    "execute a",
    "call enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "from enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "from enable_profiling(save_location = '{folder}/profile')",
    "from read_csv('{secret}')",
    "from read_text('{secret}')",
    "from read_blob('{secret}')",
    "from read_json('{secret}')",
    "from read_parquet('{secret}')",
    "from parquet_metadata('{secret}')",
    "from read_duckdb('{secret}')",
    "from sniff_csv('{secret}')",
    "from glob('{folder}/*')",
    "from '{secret}'",
    "from runs, lateral read_text('{secret}')",
    "select (select content from read_text('{secret}'))",
    "select getenv('HOME')",
    "from read_text('/proc/self/environ')",
    "from read_text('{url}')",
    "from read_csv('{url}')",
    "from '{url}.parquet'",
    "from read_parquet('s3://bucket/{secret}.parquet')",
    "from query_table('{secret}')",
    "from frame",
]


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """Address of a local web server, and the requests that reached it."""
    paths: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x.csv", paths
        server.shutdown()


@pytest.mark.parametrize("form", ["rows", "frame", "arrow", "rendered"])
@pytest.mark.parametrize("sql", HOSTILE)
def test_a_hostile_statement_reads_and_writes_nothing(
    corpus: Corpus, folder: Path, asked: tuple[str, list[str]], sql: str, form: str
) -> None:
    secret = folder / "secret.csv"
    secret.write_text("the,secret\n1,2\n")
    frame = pd.DataFrame({"the": ["secret"]})  # a variable of the caller's is no table
    before = contents(folder)
    target = folder / "families" / f"{NAME}.parquet"
    with pytest.raises(Misuse) as error:
        getattr(corpus, form)(
            sql.format(secret=secret, corpus=target, folder=folder, url=asked[0]).replace("user's", "user''s")
        )
    assert "secret\n" not in str(error.value)
    assert contents(folder) == before
    assert asked[1] == []
    assert len(frame) == 1
    assert corpus.rows("select count(*) from runs") == [(8,)]


def test_a_query_leaves_no_file_where_it_runs(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    corpus.frame("select a.run from metrics as a, runs as b order by a.value, b.run")
    assert os.listdir(empty) == []


def test_the_settings_are_locked(corpus: Corpus) -> None:
    settings = dict(
        corpus.rows(
            "select name, value from duckdb_settings() where name like '%lock%' or name like '%external_access'"
        )
    )
    assert settings["lock_configuration"] == "true"
    assert settings["enable_external_access"] == "false"
