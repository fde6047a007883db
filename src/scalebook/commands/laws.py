"""``scalebook laws``: which forms there are."""

from __future__ import annotations

import click


@click.command("laws")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the meaning of every coefficient.")
def command(as_json: bool) -> None:
    """List the laws, one line each: inputs, coefficients, title, paper.

    \b
    Example:
      scalebook laws
    """
    from scalebook.analysis.law import laws

    from ._output import echo_json, echo_table

    found = list(laws.values())
    if as_json:
        echo_json(
            [
                {
                    "law": law.name,
                    "title": law.title,
                    "inputs": law.inputs,
                    "cite": law.cite,
                    "coefficients": {n: {"meaning": c.meaning, "unit": c.unit} for n, c in law.coefficients.items()},
                }
                for law in found
            ]
        )
    else:
        rows = [(law.name, ", ".join(law.inputs), ", ".join(law.coefficients), law.title, law.cite) for law in found]
        echo_table(("law", "inputs", "coefficients", "title", "paper"), rows)
