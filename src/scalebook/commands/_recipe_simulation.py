"""What ``scalebook next-run --simulate --recipes`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

#: Policies that are told against each in turn.
AGAINST = ("thompson", "ei", "design", "halving", "leader", "random", "nothing")

#: Those that are told with forecasts alone too.
ALONE = ("thompson", "ei", "nothing")


def tell_recipes(families: tuple[str, ...], jobs: int, as_json: bool) -> None:
    """Regret of all policies, who does better than taking turns, and whether the probabilities came out."""
    from scalebook.analysis.planner.recipe_simulation import duel, simulated
    from scalebook.corpus.database import open_corpus

    from ._output import echo_json

    with open_corpus(own_runs=False) as corpus:
        rows = simulated(corpus, families, jobs=jobs)
    if as_json:
        echo_json(rows.to_dict("records"))
        return
    _counts(rows)
    _by_budget(
        rows, "regret", "mean regret, in %, by budget as a share of what all runs on sale cost; groups weigh the same"
    )
    _by_budget(rows, "found", "share of contests in which the best recipe was recommended, in %")
    _by_forecasts(rows)
    for policy in AGAINST:
        click.echo(duel(rows, policy, "turns").sentence)
    for policy in ALONE:
        click.echo(f"with forecasts alone, {duel(rows, policy, 'turns', 'alone').sentence}")
    _probabilities(rows)


def _counts(rows: pd.DataFrame) -> None:
    recipes = rows.groupby("contest")["recipes"].first()
    click.echo(
        f"{len(recipes)} contests of {recipes.min()} to {recipes.max()} recipes, {rows['related'].nunique()} groups of"
        " families that share neither authors nor data"
    )


def _by_budget(rows: pd.DataFrame, what: str, title: str) -> None:
    from scalebook.analysis.planner.recipe_simulation import overall, table

    from ._output import echo_table

    told = table(rows, what)
    body: list[tuple[object, ...]] = [
        (f"{100 * budget:.3g} %", *(f"{100 * v:.3g}" for v in row))
        for budget, row in zip(told.index.to_numpy(float), told.to_numpy(), strict=True)
    ]
    body.append(("all", *(f"{100 * v:.3g}" for v in overall(rows, what))))
    echo_table(("budget", *told.columns), body, title=title)


def _by_forecasts(rows: pd.DataFrame) -> None:
    """The same policies with forecasts together and alone."""
    from scalebook.analysis.planner.recipe_simulation import overall

    from ._output import echo_table

    told = {kind: overall(rows, "regret", kind) for kind in ("together", "alone")}
    body = [(kind, *(f"{100 * v:.3g}" for v in values)) for kind, values in told.items()]
    title = "mean regret over all budgets, in %, with forecasts of all recipes together and of each alone"
    echo_table(("forecasts", *told["together"].index), body, title=title)


def _probabilities(rows: pd.DataFrame) -> None:
    """What was said of the recommended recipe, and what came out."""
    from scalebook.analysis.planner.recipe_simulation import gained, overall

    for kind in ("together", "alone"):
        said, found, score = (overall(rows, what, kind).mean() for what in ("said", "found", "log_score"))
        click.echo(
            f"forecasts {kind}: the recommended recipe was said to be the best with probability {said:.2f}, and was in"
            f" {100 * found:.0f} %; log score {score:.2f}"
        )
    for what, name, factor in (("log_score", "log score", 1.0), ("regret", "regret in points", 100.0)):
        by = gained(rows, what)
        click.echo(
            f"together less alone: {name} {factor * by.value:+.3f} ({100 * by.level:.0f} % interval"
            f" {factor * by.low:+.3f} to {factor * by.high:+.3f}, {by.groups} groups)"
        )
