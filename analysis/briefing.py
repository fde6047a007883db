"""What a decision about one run needs: forecast, record, next run, plan and risks, from a user's own runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scalebook.corpus.errors import Misuse, ScalebookError

from .bases import refuse_mixture
from .designs import levels, spread
from .forecast.coefficients import coefficients_to_plan_with
from .forecast.experience import AUTO, Design, experience
from .forecast.forecast import MIXED, Forecast, Forecasts, forecast
from .planner.candidates import Target, short
from .planner.next_run import NextRun, next_run
from .planner.plan import plan
from .planner.reasons import check_budget
from .planner.request import Request
from .planner.tables import Row, iso_cost, iso_loss
from .points import Points

if TYPE_CHECKING:
    from .planner.answer import Answer
    from .planner.prices import Told

#: Laws by their name that stand beside the forecast.
ALONE = ("chinchilla", "compute")
#: What is assumed where a user does not say: a target so many times the largest run, and a share of its cost to spend.
LARGER, SPENT = 8.0, 0.1
#: Sizes that have a line of their own, and steps along it.
LINES, STEPS = 5, 16


@dataclass(frozen=True)
class Briefing:
    """What was computed.

    Parameters
    ----------
    points : Points
        The runs.
    target : Target
        The run to decide on.
    budget_flops, inference_tokens : float
        What may be spent on runs before it, and tokens that it will serve.
    notes : tuple of str
        What reading the file had to say, and what was assumed.
    forecasts : Forecasts
        Of the target.
    curve : DataFrame
        ``params``, ``tokens``, ``loss``, ``low``, ``high``: the forecast along tokens, for some sizes and the target.
    alone : dict of str to Forecast or str
        The same by one law, or why there is none.
    rehearsed : DataFrame
        Rehearsals of forecasts like this one: ``family``, ``related``, ``sizes``, ``ratio``, ``error`` (signed,
        relative), ``held`` and ``weight``.
    next_run : NextRun or str
        What to train next, or why nothing.
    plan : Answer or str
        The cheapest model of the forecast loss, or why there is none.
    equal_loss, equal_cost : tuple of Row
        Other models of its loss, and of its cost.
    """

    points: Points
    target: Target
    budget_flops: float
    inference_tokens: float
    notes: tuple[str, ...]
    forecasts: Forecasts
    curve: pd.DataFrame
    alone: dict[str, Forecast | str]
    rehearsed: pd.DataFrame
    next_run: NextRun | str
    plan: Answer | str
    equal_loss: tuple[Row, ...] = field(default=())
    equal_cost: tuple[Row, ...] = field(default=())


def brief(
    points: Points,
    *,
    target_params: float | None = None,
    target_tokens: float | None = None,
    budget_flops: float | None = None,
    inference_tokens: float = 0.0,
    prices: Told | None = None,
    level: float = 0.9,
    notes: Sequence[str] = (),
) -> Briefing:
    """Compute all of it.

    Parameters
    ----------
    points : Points
        The runs.
    target_params, target_tokens : float, optional
        The run to decide on; a model eight times the largest run, at its ratio of tokens, if not given.
    budget_flops : float, optional
        What may be spent on runs before it; a tenth of its cost if not given.
    inference_tokens : float
        Tokens that it will read and write in its life.
    prices : Told, optional
        What arithmetic costs; without it FLOPs count.
    level : float
        Of all intervals.
    notes : sequence of str
        What reading the file had to say.

    Raises
    ------
    Misuse
        If the runs cannot be forecast from, or a number that was given is none that can be meant.
    """
    if budget_flops is not None:
        check_budget(budget_flops)
    refuse_mixture(points, MIXED, remedy="")
    target, said = _target(points, target_params, target_tokens)
    found = forecast(points, target.params, target.tokens, level=level)
    budget = SPENT * target.flops if budget_flops is None else budget_flops
    if budget_flops is None:
        said = (*said, f"no budget was given for runs before the target: {SPENT:.0%} of its cost is assumed")
    answer, same_loss, same_cost = _plan(points, target, inference_tokens, prices, level)
    return Briefing(
        points,
        target,
        budget,
        inference_tokens,
        (*notes, *said),
        found,
        _curve(points, target, level),
        {name: _alone(points, target, name, level) for name in ALONE},
        _rehearsed(points, found.told[0], level),
        _next_run(points, target, budget),
        answer,
        same_loss,
        same_cost,
    )


def _target(points: Points, params: float | None, tokens: float | None) -> tuple[Target, tuple[str, ...]]:
    """The target, and what was assumed of it."""
    if params is not None and tokens is not None:
        return Target(params, tokens), ()
    last = points.where(points.final)
    largest = last["params"] == last["params"].max()
    ratio = float(np.median((last["tokens"] / last["params"])[largest]))
    size = LARGER * float(last["params"].max()) if params is None else params
    data = ratio * size if tokens is None else tokens
    missing = " and ".join(name for name, value in (("size", params), ("tokens", tokens)) if value is None)
    return Target(size, data), (f"no {missing} was given for the target: {short(size)} on {short(data)} is assumed",)


def _curve(points: Points, target: Target, level: float) -> pd.DataFrame:
    """The forecast along tokens."""
    sizes = [float(points.sizes[k]) for k in spread(range(len(points.sizes)), LINES)]
    wanted = [*sizes, *([target.params] if target.params not in sizes else [])]
    start, end = float(points["tokens"].min()), max(target.tokens, float(points["tokens"].max()))
    along = np.geomspace(start, end, STEPS)
    pairs = [(size, data) for size in wanted for data in along]
    told = forecast(points, [n for n, _ in pairs], [d for _, d in pairs], level=level).told
    rows = [(t.params, t.tokens, t.prediction, t.low, t.high) for t in told]
    return pd.DataFrame(rows, columns=["params", "tokens", "loss", "low", "high"])


def _alone(points: Points, target: Target, law: str, level: float) -> Forecast | str:
    try:
        return forecast(points, target.params, target.tokens, law=law, level=level).told[0]
    except Misuse as why:
        return str(why).split("; --law auto")[0]


def _rehearsed(points: Points, told: Forecast, level: float) -> pd.DataFrame:
    """Rehearsals of which about as large an error was to be expected, those that count for most first."""
    design = Design(levels(points), told.params_ratio, told.tokens_ratio)
    leave_out = (points.related,) if points.related else ()
    known = experience().of(AUTO, design, leave_out)
    near = known.alike(told.expected)
    half = known.reach(level) * known.expectation.of(near.features)
    table = pd.DataFrame(
        {
            "family": near.words["family"],
            "related": near.words["related"],
            "sizes": near.numbers["sizes"].astype(int),
            "ratio": near.ratio,
            "error": np.expm1(near.numbers["error"]),
            "held": np.abs(near.numbers["error"]) <= half,
            "weight": near.weight,
        }
    )
    return table.sort_values(["weight", "family"], ascending=[False, True]).reset_index(drop=True)


def _next_run(points: Points, target: Target, budget: float) -> NextRun | str:
    try:
        return next_run(points, budget_flops=budget, target_params=target.params, target_tokens=target.tokens)
    except ScalebookError as why:
        return str(why)


def _plan(
    points: Points, target: Target, inference_tokens: float, prices: Told | None, level: float
) -> tuple[Answer | str, tuple[Row, ...], tuple[Row, ...]]:
    """The cheapest model as good as the target, by the law that tells size from data."""
    law = coefficients_to_plan_with(points)
    loss = float(np.asarray(law.law.predict(target.params, target.tokens, **law.values)))
    asked = Request(loss=loss, inference_tokens=inference_tokens, prices=prices, level=level)
    try:
        answer = plan(law, asked)
    except ScalebookError as why:
        return str(why), (), ()
    return answer, tuple(iso_loss(answer)), tuple(iso_cost(answer))
