"""``scalebook fit``: one law, one set of runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from ._data import about_files, asked, points_of

if TYPE_CHECKING:
    from scalebook.analysis.engine.fitted import Fit
    from scalebook.analysis.estimation import Estimation

OBJECTIVES = ("huber-log", "huber", "lsq-log", "lsq", "lad-log", "likelihood")


@click.command("fit")
@click.argument("data", metavar="FAMILY|FILE")
@click.option("--law", required=True, metavar="NAME|FILE", help="Form: see `scalebook laws`; or a file of yours.")
@click.option(
    "--objective",
    type=click.Choice(OBJECTIVES),
    default="huber-log",
    show_default=True,
    help="What is minimised, as a sum.",
)
@click.option("--delta", type=float, default=1e-3, show_default=True, help="Where Huber's loss turns linear.")
@click.option(
    "--bootstrap",
    "bootstraps",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Errors from N refits on resampled data, 200 or more; --json holds them, and `plan` takes them.",
)
@click.option(
    "--cluster",
    type=click.Choice(["run", "family", "none"]),
    default="run",
    show_default=True,
    help="What counts as independent.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For starts and resampling.")
@click.option(
    "--drop-early-tokens",
    "early_tokens",
    type=float,
    default=0.0,
    metavar="X",
    help="Leave out points with fewer tokens.",
)
@click.option(
    "--drop-highest-losses",
    "highest_losses",
    type=click.IntRange(0),
    default=0,
    metavar="K",
    help="Leave out the K highest losses.",
)
@click.option(
    "--allow-mixed", is_flag=True, help="Fit runs whose sizes or FLOPs are counted in several ways all the same."
)
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    data: str,
    law: str,
    columns: tuple[str, ...],
    tokens_per_step: float | None,
    metric: str | None,
    trust: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Fit a scaling law to a family, or to a file of your own runs.

    A file (CSV, Parquet, JSON Lines) needs columns run, params, tokens, loss. The result states the objective that was
    reached, how many independent starts agree on it, and a status; a law that the data do not determine says so.
    Brackets hold coefficients at a number, at another coefficient, or at what a family or a published law says.
    Intervals allow for whole runs to err together: few runs leave few degrees of freedom (df), below four none.

    \b
    Examples:
      scalebook fit gpt3 --law chinchilla
      scalebook fit chinchilla-digitised --law chinchilla --drop-highest-losses 5 --json
      scalebook fit my_runs.csv --law chinchilla --column tokens=consumed_tokens
      scalebook fit my_runs.csv --law ./my_law.py
      scalebook fit my_runs.csv --law "chinchilla[A=gpt3,alpha=gpt3]"
      scalebook fit my_runs.csv --law "chinchilla[subspace=3]"
    """
    from scalebook.analysis.estimation import Options, estimate

    from ._output import echo_json

    found = estimate(points_of(data, asked(columns, tokens_per_step, metric, trust)), law, Options(**options))
    if as_json:
        echo_json(found.as_dict())
    else:
        _report(found)
    if found.fit.status != "converged":
        raise SystemExit(1)


def counting(*bases: str | None) -> str:
    """What N and C count, in words, of their bases."""
    return "params: {}; FLOPs: {}".format(*(basis or "not stated" for basis in bases))


def _report(found: Estimation) -> None:
    """The fit as people read it."""
    from ._output import echo_table

    fit, points = found.fit, found.points
    left_out = f", {found.dropped} left out" if found.dropped else ""
    click.echo(f"{fit.law.name} fitted to {points.family}: {len(points)} points of {len(points.runs)} runs{left_out}")
    click.echo(f"{fit.law.title}")
    delta = f" (delta {fit.delta:g})" if fit.objective.startswith("huber") else ""
    agree = f" {fit.starts_agreeing} of {fit.starts} starts agree;" if fit.starts else ""
    click.echo(f"objective  {fit.objective}{delta}, sum {fit.value:.9e};{agree} {fit.seconds * 1e3:.0f} ms")
    click.echo(f"status     {fit.status}" + (f": {fit.reason}" if fit.reason else ""))
    click.echo(f"intervals  {fit.interval_by}" + ("" if fit.clusters is None else f"; {fit.clusters} clusters (runs)"))
    if not fit.law.free:
        click.echo(f"noise      {fit.noise:.4g}, the robust standard deviation of what is left")
    click.echo(f"counting   {counting(found.params_basis, found.flops_basis)}")
    for one in found.borrowed:
        click.echo(f"borrowed   {one.coefficient} = {one.value:.6g} from {one.lender} ({one.source})")
    if reduced := found.subspace:
        click.echo(f"learnt     from {len(reduced['families'])} unrelated families: {', '.join(reduced['families'])}")
        if reduced["coefficients"] and fit.status == "converged":
            stands = ", ".join(f"{name} {value:.4g}" for name, value in reduced["coefficients"].items())
            click.echo(f"stands for {stands} of chinchilla")
    for warning in fit.warnings:
        click.echo(f"warning    {warning}")
    if fit.status == "converged":
        _coefficients(fit)
    else:
        laid = fit.law.coefficients
        click.echo("open       the coefficients: they are not printed, and --json holds where the search ended")
        echo_table(("coefficient", "unit", "meaning"), [(n, laid[n].unit, laid[n].meaning) for n in fit.coefficients])


def _coefficients(fit: Fit) -> None:
    """Coefficients with their intervals."""
    from ._output import echo_table

    degrees = {} if fit.refits else {n: d for n, d in fit.degrees_of_freedom.items() if math.isfinite(d)}
    laid = fit.law.coefficients
    rows = [
        (n, e.value, e.se, e.low, e.high, degrees.get(n), laid[n].unit, laid[n].meaning)
        for n, e in fit.coefficients.items()
    ]
    percent = f"{100 * fit.level:g} %"
    columns = ("coefficient", "value", "se", f"low {percent}", f"high {percent}", "df", "unit", "meaning")
    echo_table(columns, rows)
