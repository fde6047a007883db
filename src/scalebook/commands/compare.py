"""``scalebook compare``: which of two recipes is better at a larger scale, and how likely."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ._data import about_files, asked, is_file, points_of

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.analysis.recipes.decide import Decision


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--params", type=float, required=True, metavar="N", help="Size that is decided for.")
@click.option("--tokens", type=float, required=True, metavar="D", help="Training tokens that are decided for.")
@click.option(
    "--way",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="How: largest, mean or trend of the differences at designs of both, or laws, one for each.",
)
@click.option("--level", type=float, default=0.9, show_default=True, help="Level of the intervals.")
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    first: str,
    second: str,
    params: float,
    tokens: float,
    way: str,
    level: float,
    columns: tuple[str, ...],
    tokens_per_step: float | None,
    metric: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Compare recipes A and B, each a family or a file of runs, at a scale that neither was trained at.

    Both need runs of the same sizes and tokens, two sizes at least, measured on the same data. The probability that A
    is better is learnt from pairs of recipes in the corpus whose larger runs are known, of other authors and data.

    \b
    Examples:
      scalebook compare optimizer-sweep-muon optimizer-sweep-adamw --params 3e9 --tokens 60e9
      scalebook compare gadre-refinedweb gadre-c4 --params 13e9 --tokens 260e9 --json
      scalebook compare new.csv old.csv --params 7e9 --tokens 140e9
    """
    from scalebook.analysis.recipes.decide import decide
    from scalebook.analysis.recipes.differences import differences
    from scalebook.analysis.recipes.pairs import refuse_other_sets
    from scalebook.analysis.recipes.reliability import came_out, judged, reliability, tells
    from scalebook.corpus.database import open_corpus
    from scalebook.corpus.errors import Misuse

    from ._output import echo_json

    if first == second:
        raise Misuse(f"A and B are both {first!r}: name two recipes")
    options = asked(columns, tokens_per_step, metric, trust)
    pair = [points_of(name, options if is_file(name) else None) for name in (first, second)]
    if options != asked() and not any(map(is_file, (first, second))):
        raise Misuse("--column, --tokens-per-step, --metric and --trust are for files, and neither A nor B is one")
    with open_corpus() as corpus:
        refuse_other_sets(corpus, first, second)
        evidence = differences(corpus)
    found = decide(pair[0], pair[1], params, tokens, evidence, way=way, level=level)
    told = judged(evidence, found.way)
    table = reliability(told)
    alike = came_out(table, max(found.probability, 1 - found.probability))
    if not tells(told):
        found = replace(found, warnings=(*found.warnings, _untelling(told)))
    if as_json:
        echo_json(found.as_dict() | {"came_out": alike, "reliability": table.reset_index().to_dict("records")})
    else:
        _report(found, alike, table, is_file(first) or is_file(second))


def _untelling(told: pd.DataFrame) -> str:
    """What to make of probabilities that tell nothing."""
    right = float((told["right"] * told["weight"]).sum() / told["weight"].sum())
    return (
        f"probabilities of this way told no more than that {right:.2f} of all signs came out right, high or low: read"
        " any as that"
    )


def _report(found: Decision, alike: dict[str, Any] | None, table: pd.DataFrame, of_files: bool) -> None:
    """The decision as people read it."""
    from scalebook.analysis.recipes.differences import WAYS

    from ._output import echo_table

    sure = max(found.probability, 1 - found.probability)
    click.echo(f"A {found.first}, B {found.second}; at {found.params:g} parameters and {found.tokens:g} tokens")
    held = ""
    if alike:
        held = f"; {alike['probability']} came out in {alike['right']:.2f} ({alike['groups']} groups of the corpus)"
    click.echo(f"better     {found.better}, with probability {sure:.2f}{held}")
    click.echo(
        f"difference A's loss is {_side(found.gain)}, {100 * found.level:g} % interval {_side(found.low)} to"
        f" {_side(found.high)}: {WAYS[found.way]}"
    )
    others = [f"{name} {_percent(value)} %" for name, value in found.forecast.by.items() if math.isfinite(value)]
    click.echo(f"by way     {', '.join(others)}; scatter over designs {_percent(found.forecast.scatter)} %")
    for name, loss in zip((found.first, found.second), found.losses, strict=True):
        told = f"{loss.loss:.4g} by {loss.law}" if math.isfinite(loss.loss) else f"{loss.law}: {loss.status}"
        click.echo(f"loss       {told} ({name} alone)")
    if math.isfinite(found.speed_up):
        click.echo(
            f"speed-up   B needs {_factor(found.speed_up)} the tokens for A's loss, interval"
            f" {_factor(found.speed_up_low)} to {_factor(found.speed_up_high)}"
        )
    for warning in found.warnings:
        click.echo(f"warning    {warning}")
    if of_files:
        click.echo("note       that both were measured on the same text with the same tokenizer is taken on trust")
    if found.measured:
        percent = f"{100 * found.level:g} %"
        rows = [(f"{m.params:.3g}", f"{m.tokens:.3g}", *map(_factor, (m.value, m.low, m.high))) for m in found.measured]
        click.echo("Tokens that B needs for the loss that A reached, over A's:")
        echo_table(("params", "tokens", "D_eff / D", f"low {percent}", f"high {percent}"), rows)
    click.echo("How such probabilities came out in the corpus, learnt from other groups of families each time:")
    shown = [(name, *row) for name, row in zip(table.index, table.itertuples(index=False, name=None), strict=True)]
    echo_table(("probability", "groups", "pairs", "forecasts", "said", "came out"), shown)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"


def _side(gain: float) -> str:
    return f"{_percent(abs(gain))} % {'lower' if gain >= 0 else 'higher'}"


def _factor(value: float) -> str:
    return f"{value:.3g}x" if math.isfinite(value) else "unbounded"
