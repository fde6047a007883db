"""``scalebook families``: what there is to fit."""

from __future__ import annotations

import click

COLUMNS = ("family", "sizes", "runs", "independent_runs", "losses", "loss_unit", "min_params", "max_params", "source")


@click.command("families")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every column of families_summary.")
def command(as_json: bool) -> None:
    """List the families of the corpus: how many sizes, runs and losses each has.

    \b
    Example:
      scalebook families
    """
    from scalebook.corpus.database import open_corpus

    from ._output import echo_json, echo_table

    with open_corpus() as corpus:
        cursor = corpus.query("select * from families_summary order by sizes desc, losses desc, family")
        names = [name for name, *_ in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if as_json:
        echo_json(rows)
    else:
        echo_table(COLUMNS, [[row[c] for c in COLUMNS] for row in rows])
