"""``scalebook studies``: which questions can be asked of every family."""

from __future__ import annotations

import click


@click.command("studies")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the meaning of every setting.")
def command(as_json: bool) -> None:
    """List the studies: the protocols that `scalebook study` runs, one question each.

    \b
    Example:
      scalebook studies
    """
    from scalebook.analysis.protocol import protocols

    from ._output import echo_json, echo_table

    found = list(protocols.values())
    if as_json:
        echo_json([{"study": p.name, "question": p.question, "settings": dict(p.settings)} for p in found])
    else:
        echo_table(("study", "settings", "question"), [(p.name, ", ".join(p.settings), p.question) for p in found])
