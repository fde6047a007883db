from __future__ import annotations

import pytest

from scalebook.corpus.errors import Misuse
from scalebook.corpus.statements import only_reads

READS = [
    "select 1",
    "select 1;",
    "SELECT 1 -- a comment",
    "/* a comment */ with a as (select 1 as x) select x from a",
    "from runs",
    "from runs select family, count(*) group by all",
    "table runs",
    "values (1), (2)",
    "describe runs",
    "summarize runs",
    "show tables",
    "explain select 1",
    "explain (select 1)",
    "explain analyze select 1",
    "explain (analyze, format json) select 1",
    "EXPLAIN (FORMAT json) from runs",
    "select 1 union all select 2 order by all",
    "pivot runs on source using count(*)",
    "pivot runs on source using count(*);",
    "pivot runs on source in ('a', 'b') using count(*)",
    "with a as (from runs) pivot a on source using count(*) group by family",
    "select * from (pivot runs on source using count(*) group by family) where family = 'gpt3'",
    "unpivot families on metric, task into name what value word",
]

WRITES = [
    "copy runs to 'x.csv'",
    "copy (pivot runs on source using count(*)) to 'x.csv'",
    "with a as (copy (select 1) to 'x.csv') select 1",
    "with a as (copy (select 1) to 'x.csv') pivot a on a using count(*)",
    "explain analyze copy runs to 'x.csv'",
    "explain analyze with a as (copy (select 1) to 'x.csv') select 1",
    "explain (analyze) copy runs to 'x.csv'",
    "/* a */ -- b\n explain analyze copy runs to 'x.csv'",
    "/* /* */ explain -- */ drop view runs; \n select 1",
    "explain (analyze /*) select 1 --*/) drop view runs",
    "explain--\nanalyze drop view runs",
    "/* explain */ explain analyze drop view runs",
    "create table a as pivot runs on source using count(*)",
    "/* /* */ explain -- */ create table a as \n (pivot runs on source using count(*))",
    "create view a as select 1",
    "create or replace temp view runs as select 1",
    "create macro f() as 1",
    "create secret (type s3)",
    "drop view runs",
    "alter view runs rename to a",
    "insert into runs values (1)",
    "update runs set run = 'a'",
    "delete from runs",
    "truncate runs",
    "attach 'x.db'",
    "detach memory",
    "use memory",
    "install httpfs",
    "load httpfs",
    "update extensions",
    "set threads = 1",
    "reset threads",
    "set variable a = 1",
    "pragma version",
    "call pragma_version()",
    "export database 'x'",
    "import database 'x'",
    "prepare a as select 1",
    "execute a",
    "deallocate a",
    "begin",
    "vacuum",
    "checkpoint",
    "select 1; select 2",
    "select 1; drop view runs",
    "from query('select 1')",
    "from \"query\"('select 1')",
    "from system.main.query/**/('select 1')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
]


@pytest.mark.parametrize("sql", READS)
def test_what_reads_is_let_through(sql: str) -> None:
    only_reads(sql)


@pytest.mark.parametrize("sql", WRITES)
def test_what_could_write_is_refused(sql: str) -> None:
    with pytest.raises(Misuse):
        only_reads(sql)


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing", ";"])
def test_nothing_is_no_statement(sql: str) -> None:
    with pytest.raises(Misuse, match="one statement is needed, not 0"):
        only_reads(sql)


def test_a_syntax_error_is_told_in_duckdbs_words() -> None:
    with pytest.raises(Misuse, match='Parser Error: syntax error at or near "runs"'):
        only_reads("select * form runs where")


def test_the_kind_and_the_word_are_named() -> None:
    with pytest.raises(Misuse, match="read-only: drop statements are refused"):
        only_reads("drop view runs")
    with pytest.raises(Misuse, match=r"the word 'CoPy' is refused \(where it is a value, give it for a \?\)"):
        only_reads("select * from runs where recipe = 'CoPy'")
