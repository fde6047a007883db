"""``scalebook tables``: what can be queried."""

from __future__ import annotations

import click


@click.command("tables")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the tables and views of the corpus, with their number of rows.

    \b
    Example:
      scalebook tables
    """
    from scalebook.corpus.database import TABLE_NAMES, open_corpus, view_meaning
    from scalebook.corpus.tables import TABLES

    from ._output import echo_json, echo_table

    with open_corpus() as corpus:
        counts = {name: corpus.rows(f"select count(*) from {name}")[0][0] for name in corpus.names}
    views = [name for name in counts if name not in TABLE_NAMES]
    rows = [("table", name, counts[name], TABLES[name].meaning) for name in TABLE_NAMES]
    rows += [("view", name, counts[name], view_meaning(name)) for name in views]
    columns = ("kind", "name", "rows", "meaning")
    if as_json:
        echo_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        echo_table(columns, rows)
