"""``scalebook predict``: the loss of a run that is not yet trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ._data import about_files, asked, points_of

if TYPE_CHECKING:
    from scalebook.analysis.forecast.forecast import Forecast, Forecasts


@click.command("predict")
@click.argument("data", metavar="FAMILY|FILE")
@click.option(
    "--params", type=float, multiple=True, required=True, metavar="N", help="Size of the target; repeat for several."
)
@click.option(
    "--tokens", type=float, multiple=True, required=True, metavar="D", help="Tokens it is trained on; repeat likewise."
)
@click.option(
    "--law",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto weighs laws by what they foretell of your own runs, under a prior from the corpus; or one law alone.",
)
@click.option("--level", type=float, default=0.9, show_default=True, help="How often the interval is to hold.")
@click.option("--like", multiple=True, metavar="FAMILY", help="Borrow from these families, for one or two runs.")
@click.option(
    "--rehearsals",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, wanted: _rehearsals(context) if wanted else None,
    help="Print how well such forecasts did on the corpus, and exit.",
)
@click.option("--allow-mixed", is_flag=True, help="Take runs whose sizes are counted in several ways all the same.")
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    data: str,
    params: tuple[float, ...],
    tokens: tuple[float, ...],
    law: str,
    level: float,
    like: tuple[str, ...],
    allow_mixed: bool,
    columns: tuple[str, ...],
    tokens_per_step: float | None,
    metric: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Forecast the loss of a model of N parameters on D tokens, from smaller or shorter runs.

    The interval is as wide as it must be to hold as often as it says: the same forecast was rehearsed on every family
    of the corpus, with its largest model held out. A run that is under way is forecast by giving its own size and
    more tokens; several --tokens give a curve.

    \b
    Examples:
      scalebook predict gpt3 --params 1e12 --tokens 3e12
      scalebook predict my_runs.csv --params 7e9 --tokens 1.4e11 --json
      scalebook predict my_runs.csv --params 1.3e9 --tokens 5e10 --tokens 1e11 --tokens 2e11
      scalebook predict one_run.csv --params 7e9 --tokens 1.4e11 --like gadre-c4
      scalebook predict --rehearsals
    """
    from scalebook.analysis.forecast.forecast import forecast

    from ._output import echo_json

    points = points_of(data, asked(columns, tokens_per_step, metric, trust))
    found = forecast(points, params, tokens, law=law, level=level, like=like, allow_mixed=allow_mixed)
    if as_json:
        echo_json(found.as_dict())
    else:
        _report(found)


def _report(found: Forecasts) -> None:
    """The forecast as people read it."""
    from ._output import echo_table

    seen = (_counted(found.points, "point"), _counted(found.runs, "run"), _counted(found.sizes, "size"))
    click.echo(f"{found.family}: {' of '.join(seen[:2])}, {seen[2]}; loss in {found.unit}")
    bounded = all(math.isfinite(t.low) for t in found.told)
    percent = f"{100 * found.level:g} %"
    ends = (f"low {percent}", f"high {percent}") if bounded else ()
    body = [
        (
            *(t.params, t.tokens, t.prediction),
            *((t.low, t.high) if bounded else ()),
            *(f"{t.params_ratio:.3g}x", f"{t.tokens_ratio:.3g}x"),
        )
        for t in found.told
    ]
    echo_table(("params", "tokens", "loss", *ends, "size over runs", "tokens over runs"), body)
    echo_table(
        ("law, fitted to", "weight", "held-out error", "coefficients"),
        [
            (s.name, f"{s.weight:.0%}", _percent(s.held_out_error), ", ".join(f"{k} {v:.4g}" for k, v in c.items()))
            for s in found.shares
            if (c := s.coefficients) and s.weight >= 0.005
        ],
    )
    if bounded:
        _evidence(found.told)
    if found.held_out:
        errors = ", ".join(f"{error:+.1%}" for error in found.held_out)
        what = "each size foretold from the smaller ones" if found.sizes > 1 else "the end foretold from the first half"
        click.echo(f"your runs  {what}, observed over forecast: {errors}")
    for warning in found.warnings:
        click.echo(f"warning    {warning}")


def _evidence(told: Sequence[Forecast]) -> None:
    """Where intervals come from: in two lines for one target, in a table for several."""
    from scalebook.analysis.forecast.forecast import parts_shared

    from ._output import echo_table

    if len(told) > 1:
        title = "Intervals and their evidence: shares of the variance, and rehearsals that promised about as much"
        parts = told[0].parts
        head = (*HEAD[:2], *parts, *HEAD[2:])
        echo_table(head, [_row(one, [f"{s:.0%}" for s in parts_shared(one.parts).values()]) for one in told], title)
    else:
        (one,) = told
        shares = ", ".join(f"{name} {share:.0%}" for name, share in parts_shared(one.parts).items())
        click.echo(f"interval   variance: {shares}; stretched to {one.reach:.2f} standard deviations")
        if one.rehearsals:
            click.echo(
                f"evidence   {one.rehearsals} rehearsals of {one.families} families ({one.groups} unrelated groups)"
                f" that promised about as much: typically off by {one.typical_error:.1%}"
            )
    for one in told:
        if not one.rehearsals:
            click.echo(
                f"evidence   {one.params:.4g} on {one.tokens:.4g}: no rehearsal promised about as much; by what the"
                f" others teach to expect, half of such forecasts are off by more than {one.typical_error:.1%}"
            )


#: What is told of each of several targets; parts of the variance stand between the first two and the others.
HEAD = ("params", "tokens", "stretched to sd", "rehearsals", "families", "unrelated groups", "typically off by")


def _row(one: Forecast, shares: Sequence[str]) -> tuple[object, ...]:
    error = f"{one.typical_error:.1%}" if one.rehearsals else ""
    place = (one.params, one.tokens, *shares, f"{one.reach:.2f}")
    return (*place, one.rehearsals, one.families, one.groups, error)


def _rehearsals(context: click.Context) -> None:
    """How forecasts did where the end is known: of the largest model by law, and of every design."""
    from scalebook.analysis.forecast.record import by_design, by_law

    from ._output import echo_table

    for table, title in (
        (by_law(), "The largest model left out, families of four sizes or more"),
        (by_design(), "Laws weighed (auto), by what was seen; 90 % intervals are those that all other groups teach"),
    ):
        rows = [tuple(_told(value) for value in row.values()) for row in table]
        echo_table([name.replace("_", " ") for name in table[0]], rows, title)
    context.exit()


def _told(value: object) -> object:
    return _percent(value) if isinstance(value, float) else value


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _percent(share: float) -> str:
    return f"{share:.2%}" if share == share else ""
