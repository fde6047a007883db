"""``scalebook describe``: what the columns of a table mean."""

from __future__ import annotations

import click


@click.command("describe")
@click.argument("table")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(table: str, as_json: bool) -> None:
    """Print every column of a table or view: type, unit, meaning.

    \b
    Example:
      scalebook describe runs
    """
    from scalebook.corpus.columns import COLUMNS, VIEW_COLUMNS
    from scalebook.corpus.database import open_corpus
    from scalebook.corpus.results import RESULTS, meanings

    from ._output import echo_json, echo_table

    with open_corpus() as corpus:
        found = corpus.columns(table)
        results = corpus.results
    known = {name: (column.unit, column.meaning) for name, column in (COLUMNS | VIEW_COLUMNS).items()}
    if table in RESULTS:
        known = meanings(results["findings" if table == "findings" else "predictions"])
    rows = [(name, kind, *known[name]) for name, kind in found]
    if as_json:
        echo_json([dict(zip(("column", "type", "unit", "meaning"), row, strict=True)) for row in rows])
    else:
        echo_table(("column", "type", "unit", "meaning"), rows)
