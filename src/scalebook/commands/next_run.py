"""``scalebook next-run``: what to train next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._data import about_files, asked, points_of

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.analysis.planner.best_arm import Continuation
    from scalebook.analysis.planner.choice import Policy
    from scalebook.analysis.planner.next_run import NextRun


#: A share that is smaller is what rounding leaves of none.
ROUNDING = 1e-12


@click.command("next-run")
@click.argument("data", metavar="FAMILY|FILE ...", nargs=-1)
@click.option("--budget-flops", type=float, metavar="C", help="Training FLOPs to spend, by 6 N D.")
@click.option("--target-params", type=float, metavar="N", help="Parameters of the model to be forecast.")
@click.option("--target-tokens", type=float, metavar="D", help="Training tokens of the model to be forecast.")
@click.option(
    "--policy",
    type=click.Choice(["thompson", "ei", "design"]),
    help="With several recipes: how to choose the one to continue. [default: ei]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw of --policy thompson.")
@click.option("--allow-mixed", is_flag=True, help="Take runs whose sizes are counted in several ways all the same.")
@click.option("--simulate", is_flag=True, help="Play designs against other policies on families of the corpus instead.")
@click.option(
    "--recipes", "of_recipes", is_flag=True, help="With --simulate: play which of several recipes to continue."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes, for --simulate.")
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    data: tuple[str, ...],
    columns: tuple[str, ...],
    tokens_per_step: float | None,
    metric: str | None,
    trust: bool,
    simulate: bool,
    of_recipes: bool,
    jobs: int,
    as_json: bool,
    policy: Policy | None,
    seed: int,
    allow_mixed: bool,
    **target: float | None,
) -> None:
    """Find the run, or set of runs, that makes a forecast most certain, given runs so far and a budget.

    The table shows the best set, cheaper ones, and the doubling rule. Several files or families are several recipes:
    which of them to continue. A file needs columns run, params, tokens, loss.

    \b
    Examples:
      scalebook next-run my_runs.csv --budget-flops 1e20 --target-params 7e9 --target-tokens 1.4e11
      scalebook next-run gadre-c4 gadre-redpajama --budget-flops 1e21 --target-params 7e10 --target-tokens 1.4e12
      scalebook next-run --simulate gpt3 opt gadre-c4
      scalebook next-run --simulate --recipes
    """
    from scalebook.corpus.errors import Misuse

    if simulate:
        if policy or any(value is not None for value in target.values()):
            raise Misuse("--simulate takes its targets and budgets from the corpus: leave the other options out")
        if of_recipes:
            from ._recipe_simulation import tell_recipes

            tell_recipes(data, jobs, as_json)
        else:
            _simulate(data, jobs, as_json)
        return
    if of_recipes:
        raise Misuse("--recipes is for --simulate: several files or families are several recipes without it")
    if not data:
        raise Misuse("name a file of runs or a family; scalebook families lists the families")
    if missing := [f"--{name.replace('_', '-')}" for name, value in target.items() if value is None]:
        raise Misuse(f"next-run needs {', '.join(missing)}")
    if policy and len(data) == 1:
        raise Misuse("--policy chooses among recipes: give two files or families, or leave it out")
    recipes = [points_of(name, asked(columns, tokens_per_step, metric, trust)) for name in data]
    wanted: dict[str, Any] = {**target, "allow_mixed": allow_mixed}
    if len(recipes) > 1:
        from scalebook.analysis.planner.best_arm import next_recipe

        _tell(next_recipe(recipes, **wanted, policy=policy or "ei", seed=seed), as_json, _recipes)
    else:
        from scalebook.analysis.planner.next_run import next_run

        _tell(next_run(recipes[0], **wanted), as_json, _designs)


def _tell(found: Any, as_json: bool, show: Any) -> None:
    from ._output import echo_json

    if as_json:
        echo_json(found.as_dict())
    else:
        show(found)


def _percent(share: float) -> str:
    return f"{100 * share if abs(share) > ROUNDING else 0:.3g} %"


def _designs(found: NextRun) -> None:
    """The forecast, the designs, and what each is good for."""
    from scalebook.analysis.planner.candidates import short

    from ._output import echo_table
    from .fit import counting

    points, target = found.points, found.target
    numbers = (len(points), "point"), (len(points.runs), "run"), (len(points.sizes), "size")
    said = [f"{number} {word}{'s' * (number != 1)}" for number, word in numbers]
    click.echo(f"{points.family}: {said[0]} of {said[1]}, {said[2]}")
    click.echo(
        f"target     {short(target.params)} parameters on {short(target.tokens)} tokens, {target.flops:.3g} FLOPs;"
        f" budget {found.budget_flops:.3g} FLOPs, {_percent(found.budget_flops / target.flops)} of that"
    )
    click.echo(f"forecast   {found.loss:.4g} {points.unit}, standard deviation {_percent(found.sd)}")
    click.echo(f"counting   {counting(found.params_basis, '6nd')}")
    for note in found.notes:
        click.echo(f"note       {note}")
    if not found.identified:
        click.echo(f"law        {_identification(found)}")
    head = (
        "design",
        "runs: parameters on tokens",
        "FLOPs",
        "of budget",
        "sd before",
        "sd after",
        "variance removed",
        "per 1e18 FLOPs",
    )
    body = []
    for one in found.designs:
        per = one.removed / one.flops * 1e18 if one.flops else None
        rate = None if per is None else _percent(per)
        runs = "; ".join(run.label for run in one.runs) or "none"
        row = (
            one.kind,
            runs,
            one.flops,
            _percent(one.share_of_budget),
            _percent(one.sd_before),
            _percent(one.sd_after),
        )
        body.append((*row, _percent(one.removed), rate))
    echo_table(head, body)
    click.echo(f"best: {found.best.why}")
    for sentence in found.compared:
        click.echo(sentence)


def _identification(found: NextRun) -> str:
    """What a law that is not determined needs."""
    said = "the runs so far do not determine the law, so the forecast leans on the corpus;"
    if found.identified_by:
        needed = " and ".join(run.label for run in found.identified_by)
        flops = sum(run.flops for run in found.identified_by)
        return f"{said} the cheapest found that would: {needed} tokens ({flops:.3g} FLOPs)"
    return f"{said} none of the {found.candidates} runs considered would determine it, alone or in the sets tried"


def _recipes(found: Continuation) -> None:
    """Forecasts of all recipes, the one to continue, and the front."""
    from scalebook.analysis.planner.candidates import short

    from ._output import echo_table

    target = found.target
    click.echo(
        f"target     {short(target.params)} parameters on {short(target.tokens)} tokens, {target.flops:.3g} FLOPs"
    )
    body = []
    for one in found.recipes:
        runs = "; ".join(run.label for run in one.next.runs)
        rate = one.expected_improvement / one.next.flops * 1e18
        row = (one.name, one.loss, _percent(one.sd), _percent(one.best_probability), one.expected_improvement, rate)
        body.append((*row, runs, one.next.flops))
    gain = f"expected gain, {found.unit}"
    head = ("recipe", f"loss, {found.unit}", "sd", "probably best", gain, "gain per 1e18 FLOPs", "next runs", "FLOPs")
    echo_table(head, body)
    chosen = next(one for one in found.recipes if one.name == found.chosen)
    runs = " and ".join(run.label for run in chosen.next.runs)
    click.echo(f"continue {found.chosen} (by {found.policy}) with {runs} tokens")
    rows = [(f.flops, short(f.params), short(f.tokens), f.recipe, f.loss, _percent(f.sd)) for f in found.front]
    title = "lowest loss against FLOPs, at the target's tokens per parameter"
    echo_table(("FLOPs", "params", "tokens", "recipe", f"loss, {found.unit}", "sd"), rows, title=title)


def _simulate(families: tuple[str, ...], jobs: int, as_json: bool) -> None:
    """Errors of all policies, and who beats the doubling rule."""
    from scalebook.analysis.planner.simulation import duel, simulated
    from scalebook.corpus.database import open_corpus

    from ._output import echo_json

    with open_corpus(own_runs=False) as corpus:
        rows = simulated(corpus, families, jobs=jobs)
    if as_json:
        echo_json(rows.to_dict("records"))
        return
    _errors(rows)
    for other in ("doubling", "largest", "random"):
        click.echo(duel(rows, "design", other).sentence)


def _errors(rows: pd.DataFrame) -> None:
    from scalebook.analysis.planner.simulation import errors

    from ._output import echo_table

    table = errors(rows)
    title = (
        "ARE of the forecast of the largest model, by budget as a share of its training; median over groups of families"
    )
    body = [
        (float(budget), *(_percent(v) for v in row)) for budget, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    echo_table(("budget", *table.columns), body, title=title)
