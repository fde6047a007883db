"""Which SQL statements only read: judged before they run, since DuckDB itself may write wherever it may read.

DuckDB's settings keep a query away from every file but those of the corpus, yet these it may also overwrite. So a
statement is carried out only if DuckDB's own parser calls it a reading one and it has no word by which a reading
statement can write.
"""

from __future__ import annotations

import re

import duckdb

from .errors import Misuse

#: COPY may stand inside WITH, and two functions carry out a statement that is given as a text, in any disguise.
_WRITERS = re.compile(r"(?i)\b(copy|query|json_execute_serialized_sql)\b")

#: The head of EXPLAIN. Options hold words only, so that no comment begins in them.
_EXPLAIN = re.compile(r"(?i)\s*explain\b(\s+analyze\b)?(\s*\(\s*(analyze|format)\b[\w\s,]*\))?")


def only_reads(sql: str) -> None:
    """Refuse every statement that is not a single reading one.

    Raises
    ------
    Misuse
        If it is not valid SQL (with DuckDB's own words), or could do more than read.

    Examples
    --------
    >>> only_reads("drop view runs")
    Traceback (most recent call last):
    scalebook.corpus.errors.Misuse: the corpus is read-only: drop statements are refused
    """
    statement, kind = _parsed(sql)
    if kind == "EXPLAIN":
        # "explain analyze" carries its statement out, so what stands behind it is judged like any other.
        head = _EXPLAIN.match(statement)
        only_reads(statement[head.end() :] if head else "")
    elif kind == "MULTI":
        # PIVOT looks up its columns first. What may stand as a table is a query, whatever it is made of.
        try:
            _parsed(f"from (\n{statement.rstrip().rstrip(';')}\n)")
        except Misuse as error:
            raise Misuse("the corpus is read-only: a pivot is refused but in a query") from error
    elif kind != "SELECT":
        raise Misuse(f"the corpus is read-only: {kind.lower().replace('_', ' ')} statements are refused")
    if word := _WRITERS.search(sql):
        raise Misuse(f"the corpus is read-only: the word {word[0]!r} is refused (where it is a value, give it for a ?)")


def _parsed(sql: str) -> tuple[str, str]:
    """The one statement of a text, without comments in front, and DuckDB's name of its kind."""
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1:
            raise Misuse(f"one statement is needed, not {len(statements)}")
        return statements[0].query, statements[0].type.name
    except duckdb.Error as error:
        raise Misuse(str(error)) from error
    except ValueError as error:  # a kind of statement that the Python package has no name for
        raise Misuse(f"the corpus is read-only: this kind of statement is refused ({error})") from error
