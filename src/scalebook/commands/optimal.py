"""``scalebook optimal``: how to split compute between size and tokens, by three approaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ._data import about_files, asked, points_of

if TYPE_CHECKING:
    from scalebook.analysis.optimal.frontier import Frontier


@click.command("optimal")
@click.argument("data", metavar="FAMILY|FILE")
@click.option(
    "--approach",
    default="all",
    show_default=True,
    metavar="NAME",
    help="envelope (of training curves), isoflop (minima at fixed compute), parametric (fitted law), or all.",
)
@click.option(
    "--flops", type=float, multiple=True, metavar="C", help="Training compute to allocate; repeat for several."
)
@click.option(
    "--bootstrap",
    "bootstraps",
    type=click.IntRange(0),
    default=400,
    show_default=True,
    metavar="N",
    help="Intervals from N redraws of the runs; 0 for none.",
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Level of the intervals.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For redraws and starts.")
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
    "--allow-mixed", is_flag=True, help="Take runs whose sizes or FLOPs are counted in several ways all the same."
)
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every optimum.")
def command(
    data: str,
    approach: str,
    flops: tuple[float, ...],
    early_tokens: float,
    highest_losses: int,
    columns: tuple[str, ...],
    tokens_per_step: float | None,
    metric: str | None,
    trust: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the optimal size and tokens as powers of compute: N* = kN C^a, D* = kD C^b.

    Three approaches (Hoffmann et al. 2022): the envelope of training curves, the minima of isoFLOP profiles (by Akima's
    interpolation and by parabolas), and the closed form of the fitted law. An approach that the data do not allow says
    why. Intervals redraw whole runs; those of few runs are widened, and below four there are none.

    \b
    Examples:
      scalebook optimal porian-rw-tuned-short-const
      scalebook optimal chinchilla-digitised --drop-highest-losses 5 --approach parametric --flops 5.76e23 --json
      scalebook optimal my_runs.csv --flops 1e21 --flops 1e22
    """
    from scalebook.analysis.optimal.approach import optimal
    from scalebook.analysis.optimal.frontier import Options, known_budget
    from scalebook.analysis.points import drop

    from ._output import echo_json

    wanted, chosen = _chosen(approach), Options(**options)
    for budget in flops:
        known_budget(budget)
    points = points_of(data, asked(columns, tokens_per_step, metric, trust))
    points = drop(points, early_tokens=early_tokens, highest_losses=highest_losses)
    frontiers = [optimal(points, name, chosen) for name in wanted]
    if as_json:
        about = {"family": points.family, "n_points": len(points), "n_runs": len(points.runs), "unit": points.unit}
        echo_json({**about, "approaches": [frontier.as_dict(flops) for frontier in frontiers]})
    else:
        click.echo(f"{points.family}: {len(points)} points of {len(points.runs)} runs")
        _report(frontiers, flops)
    if all(frontier.status != "found" for frontier in frontiers):
        raise SystemExit(1)


def _chosen(approach: str) -> list[str]:
    """Approaches of that name, or that begin with it: ``isoflop`` is two."""
    from scalebook.analysis.optimal.approach import approaches
    from scalebook.corpus.errors import UnknownName

    word = approach.lower().replace("-", "_")
    found = [name for name in approaches if word in ("all", name) or name.startswith(f"{word}_")]
    if not found:
        raise UnknownName("approach", approach, ["all", "isoflop", *approaches])
    return found


def _report(frontiers: Sequence[Frontier], flops: Sequence[float]) -> None:
    """Exponents by approach, then the allocation of every budget asked for."""
    from ._output import echo_table, shown
    from .fit import counting

    def between(estimate: Any) -> str:
        return f"{shown(estimate.low)} to {shown(estimate.high)}" if estimate.low == estimate.low else ""

    click.echo(f"counting   {counting(frontiers[0].params_basis, frontiers[0].flops_basis)}")
    percent = f"{100 * frontiers[0].params.level:g} %"
    rows = []
    for f in frontiers:
        inside = sum(optimum.inside for optimum in f.optima) or None
        law = (f.a.value, between(f.a), f.b.value, f.params.coefficient.value, f.tokens.coefficient.value)
        rows.append((f.approach, f.status, *law, inside, *f.flops))
    echo_table(("approach", "status", "a", f"a {percent}", "b", "kN", "kD", "optima", "from FLOP", "to FLOP"), rows)
    for f in frontiers:
        if f.reason:
            click.echo(f"{f.approach}: {f.reason}")
    told = [(f.approach, f.at(c)) for c in flops for f in frontiers if f.status == "found"]
    if told:
        head = (
            "FLOP",
            "approach",
            "params",
            f"params {percent}",
            "tokens",
            f"tokens {percent}",
            "tokens/param",
            "extrapolated",
        )
        body = [
            (
                at.flops,
                name,
                at.params.value,
                between(at.params),
                at.tokens.value,
                between(at.tokens),
                at.tokens.value / at.params.value,
                f"{at.extrapolation:.3g}x",
            )
            for name, at in told
        ]
        echo_table(head, body)
