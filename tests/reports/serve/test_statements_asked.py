"""What becomes of statements: results, refusals, and files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

# statements


def test_a_result_has_columns_with_their_meaning(client: Any) -> None:
    heard = client.ask("select family, sizes from families_summary order by family")
    assert heard["status"] == "ok"
    assert [c["name"] for c in heard["columns"]] == ["family", "sizes"]
    assert heard["columns"][1]["unit"] == "sizes"
    assert heard["rows"][0] == ["one", 5]
    assert heard["more"] is False


def test_a_long_result_is_cut_and_says_so(client: Any) -> None:
    heard = client.ask("from range(51)")
    assert (len(heard["rows"]), heard["more"]) == (50, True)
    heard = client.ask("from range(50)")
    assert (len(heard["rows"]), heard["more"]) == (50, False)


def test_a_result_without_end_is_cut_at_once(client: Any) -> None:
    assert client.ask("from range(1000000000000)")["more"] is True


def test_values_that_json_cannot_hold_are_text(client: Any) -> None:
    sql = "select 'nan'::double, -'inf'::double, 9007199254740993, null, [1, 2], date '2024-05-06', 1.5::decimal(4, 2)"
    (row,) = client.ask(sql)["rows"]
    assert row == ["nan", "-inf", "9007199254740993", None, "[1, 2]", "2024-05-06", 1.5]


def test_every_type_of_duckdb_can_be_shown(client: Any) -> None:
    kinds = client.ask("select column_name, column_type from (describe from test_all_types())")["rows"]
    names = [f'"{name}"' for name, _ in kinds]
    assert len(names) > 40
    heard = client.ask(f"select {', '.join(names)} from test_all_types()")
    assert heard["status"] == "ok", heard
    assert client.ask("select now() as soon")["status"] == "ok"


REFUSED = {
    "read_csv('/etc/passwd')": "file system operations are disabled",
    "read_text('/etc/passwd')": "file system operations are disabled",
    "read_blob('/proc/self/environ')": "file system operations are disabled",
    "read_parquet('*.parquet')": "file system operations are disabled",
    "read_json('https://books.example/a.json')": "file system operations are disabled",
    "sniff_csv('/etc/passwd')": "file system operations are disabled",
    "glob('/*')": "file system operations are disabled",
    "'/etc/passwd'": "does not exist",
    "'https://books.example/a.csv'": "disabled",
    "sqlite_scan('a.db', 'a')": "",
    "query('select 1')": "the word 'query' is refused",
}


@pytest.mark.parametrize(("what", "why"), REFUSED.items(), ids=list(REFUSED))
def test_a_query_reaches_no_file(client: Any, what: str, why: str) -> None:
    heard = client.ask(f"select * from {what}")
    assert heard["status"] == "refused"
    assert why in heard["message"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("attach 'a.db'", "attach statements are refused"),
        ("copy runs to 'a.csv'", "copy statements are refused"),
        ("with a as (copy (select 1) to 'a.csv') select 1", "the word 'copy' is refused"),
        ("install httpfs", "load statements are refused"),
        ("load httpfs", "load statements are refused"),
        ("pragma version", "pragma statements are refused"),
        ("set enable_external_access = true", "set statements are refused"),
        ("reset memory_limit", "variable set statements are refused|set statements are refused"),
        ("create table a as select 1", "create statements are refused"),
        ("drop view runs", "drop statements are refused"),
        ("insert into runs values (1)", "insert statements are refused"),
        ("export database 'a'", "refused"),
        ("call pragma_version()", "call statements are refused"),
        ("select 1; select 2", "one statement is needed, not 2"),
        ("", "one statement is needed, not 0"),
        ("select 1 form runs", "Parser Error"),
        ("select * from run", "Did you mean"),
    ],
)
def test_a_statement_that_does_more_than_read_is_refused(client: Any, sql: str, why: str) -> None:
    for verb in ("query", "csv", "parquet"):
        heard = client.post(verb, {"sql": sql}).json
        assert heard["status"] == "refused"
        assert any(word in heard["message"] for word in why.split("|")), heard


def test_a_file_that_may_be_read_by_the_corpus_may_not_be_written(client: Any, small_folder: Path) -> None:
    (file,) = (small_folder / "runs").glob("*.parquet")
    before = file.read_bytes()
    assert client.ask(f"copy (select 1) to '{file}'")["status"] == "refused"
    assert file.read_bytes() == before


# files


def test_csv_is_that_of_the_command_line(
    client: Any, cli: Any, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "select run, tokens, loss from losses where family in ('one', 'two') order by run, tokens"
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))
    heard = client.post("csv", {"sql": sql})
    assert heard.headers["Content-Disposition"] == 'attachment; filename="scalebook.csv"'
    assert heard.body.decode() == cli("sql", sql, "--format", "csv").out
    assert len(list(csv.reader(io.StringIO(heard.body.decode())))) == 1 + 5 * 12 + 5 * 10


def test_parquet_has_the_values_and_types(client: Any, small: Any) -> None:
    sql = "select run, tokens, loss from losses where family = 'three' order by run, tokens"
    heard = client.post("parquet", {"sql": sql})
    table = pq.read_table(io.BytesIO(heard.body))
    assert table.to_pylist() == small.arrow(sql).to_pylist()
    assert table.num_rows > 50  # more than the page shows


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_half_a_file_is_not_given(client: Any, form: str) -> None:
    heard = client.post(form, {"sql": "from range(201)"})
    assert heard.json["status"] == "too_large"
    assert "the result has more than 200 rows: narrow the query" in heard.json["message"]
    assert client.post(form, {"sql": "from range(200)"}).headers["Content-Type"] != "application/json"
