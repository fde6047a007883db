"""``scalebook sql``: ask the corpus a question."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import duckdb


@click.command("sql")
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="json is a list of row objects; parquet needs -o.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead.")
@click.option(
    "--results", type=click.Path(file_okay=False, path_type=Path), help="Folder with the results of another study."
)
def command(query: str, form: str, output: Path | None, results: Path | None) -> None:
    """Ask the corpus a question in DuckDB's SQL; nothing but reading is possible.

    \b
    Tables: sources families runs checkpoints metrics
    Views:  losses final_losses flops_6nd families_summary metric_ids; of the latest study: predictions fits findings
    \b
    Example:
      scalebook sql "select family, count(distinct run) runs from losses group by all order by runs desc"
    """
    from scalebook.corpus.database import open_corpus
    from scalebook.corpus.errors import Misuse
    from scalebook.corpus.files import write_atomically

    if form == "parquet" and output is None:
        raise Misuse("--format parquet needs a file: add -o FILE")
    with open_corpus(results=results) as corpus:
        if form == "table":
            content = corpus.rendered(query).encode()
        elif form == "csv":
            content = _csv(corpus.query(query))
        elif form == "json":
            content = _json(corpus.query(query))
        else:
            import pyarrow.parquet as pq

            buffer = io.BytesIO()
            found = corpus.arrow(query)
            _distinct(found.column_names)
            pq.write_table(found, buffer, compression="zstd")
            content = buffer.getvalue()
    if output is not None:
        write_atomically(output, content)
    else:
        click.echo(content.decode(), nl=False)


def _csv(cursor: duckdb.DuckDBPyConnection) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, *_ in cursor.description or ()])
    writer.writerows(cursor.fetchall())
    return text.getvalue().encode()


def _json(cursor: duckdb.DuckDBPyConnection) -> bytes:
    from ._output import plain

    names = [name for name, *_ in cursor.description or ()]
    _distinct(names)
    rows = [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]
    lines = ",\n ".join(json.dumps(row, allow_nan=False) for row in rows)
    return f"[{lines}]\n".encode()


def _distinct(names: list[str]) -> None:
    """Refuse columns of one name: a row object could hold but one of them."""
    from scalebook.corpus.errors import Misuse

    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise Misuse(f"several columns are named {', '.join(repeated)}: give each a name of its own (... as NAME)")
