"""The process that carries statements out, one after the other, and that can be ended at any moment.

DuckDB can be interrupted between pieces of work only: one call such as ``list_sum(range(1000000000))`` is one piece and
runs for minutes. So statements run in a process of their own, which the server ends when the time is over. Nothing is
lost with it, since nothing can be written.
"""

from __future__ import annotations

import contextlib
import csv
import faulthandler
import io
import json
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import duckdb

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import DamagedFile, Misuse, ScalebookError

from .answer import Answer, plain
from .meanings import meanings
from .place import DUCKDB_MEMORY, Limits, Place

#: Seconds after its time is over at which a statement ends itself: the server, which ends it first, may be gone.
GRACE = 5.0

#: Addresses that the process may use. DuckDB counts tables and joins, but not a single huge list or string.
BYTES = 6 << 30

_CHUNK = 10_000


class TooLarge(Exception):
    """A result that has more rows than a file may have."""


def work(pipe: Connection, place: Place, limits: Limits) -> None:
    """Answer statements until the other end of the pipe is closed.

    First an empty message says that the corpus is open. Then comes, for every request, a JSON object with ``form`` and
    ``sql``, the head of an answer and its body.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    _bound_memory()
    try:
        corpus = place.open()
    except ScalebookError as error:
        pipe.send_bytes(str(error).encode())
        return
    with corpus, open(os.devnull, "w") as nowhere, contextlib.suppress(EOFError, BrokenPipeError):
        pipe.send_bytes(b"")
        while True:
            asked = json.loads(pipe.recv_bytes())
            # This timer runs outside of Python, so that no statement can hold it up.
            faulthandler.dump_traceback_later(limits.seconds + GRACE, exit=True, file=nowhere)
            answer = answered(corpus, asked["form"], asked["sql"], limits)
            faulthandler.cancel_dump_traceback_later()
            pipe.send_bytes(answer.head())
            pipe.send_bytes(answer.body)


def _bound_memory() -> None:
    """Keep one statement from taking all memory; where the system has no such limit, DuckDB's own holds."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = BYTES if most == resource.RLIM_INFINITY else min(BYTES, most)
    with contextlib.suppress(ValueError, OSError):  # macOS does not always take it
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def answered(corpus: Corpus, form: str, sql: str, limits: Limits) -> Answer:
    """Result of a statement as ``rows`` for the page, ``csv`` or ``parquet``; or why there is none."""
    make = {"rows": _rows, "csv": _csv, "parquet": _parquet}[form]
    try:
        return Answer("ok", body=make(corpus, sql, limits))
    except TooLarge:
        return Answer(
            "too_large",
            f"the result has more than {limits.download_rows:,} rows: narrow the query, or write it with"
            " scalebook sql -o FILE",
        )
    except DamagedFile as error:
        return Answer("failed", str(error))
    except (Misuse, duckdb.Error, MemoryError) as error:
        return _told(error)


def _told(error: BaseException) -> Answer:
    """An error of a query, in DuckDB's words where these are for users of SQL."""
    text = str(error)
    if isinstance(error, MemoryError) or text.startswith("Out of Memory Error"):
        return Answer("too_large", f"the statement needs more memory than it may have ({DUCKDB_MEMORY})")
    return Answer("refused", text)


def _fetched(corpus: Corpus, sql: str, most: int) -> tuple[list[tuple[str, str]], Iterator[list[tuple[Any, ...]]]]:
    """Names and types of the columns, and up to so many rows in chunks."""
    cursor = corpus.query(sql)
    columns = [(name, str(kind)) for name, kind, *_ in cursor.description or ()]

    def chunks() -> Iterator[list[tuple[Any, ...]]]:
        left = most
        while left > 0 and (rows := cursor.fetchmany(min(_CHUNK, left))):
            left -= len(rows)
            yield rows

    return columns, chunks()


def _rows(corpus: Corpus, sql: str, limits: Limits) -> bytes:
    """A JSON object for the page: columns with what is known of them, rows, and whether there are more."""
    start = time.perf_counter()
    columns, chunks = _fetched(corpus, sql, limits.rows + 1)
    rows = [[plain(value) for value in row] for chunk in chunks for row in chunk]
    known = meanings(corpus, sql)
    result = {
        "status": "ok",
        "columns": [
            {"name": name, "type": kind, "unit": known.get(name, ("", ""))[0], "meaning": known.get(name, ("", ""))[1]}
            for name, kind in columns
        ],
        "rows": rows[: limits.rows],
        "more": len(rows) > limits.rows,
        "seconds": round(time.perf_counter() - start, 4),
    }
    return json.dumps(result, allow_nan=False).encode()


def _csv(corpus: Corpus, sql: str, limits: Limits) -> bytes:
    """The same bytes as ``scalebook sql --format csv``."""
    columns, chunks = _fetched(corpus, sql, limits.download_rows + 1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    count = 0
    for rows in chunks:
        count += len(rows)
        if count > limits.download_rows:
            raise TooLarge
        writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(corpus: Corpus, sql: str, limits: Limits) -> bytes:
    import pyarrow.parquet as pq

    found = corpus.arrow(sql)
    if found.num_rows > limits.download_rows:
        raise TooLarge
    buffer = io.BytesIO()
    pq.write_table(found, buffer, compression="zstd")
    return buffer.getvalue()
