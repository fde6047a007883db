"""What to train before a target, and what to train instead of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scalebook.analysis.briefing import Briefing
from scalebook.analysis.finding import STYLES, Evidence, Shown
from scalebook.analysis.forecast.coefficients import PRIOR
from scalebook.analysis.planner.answer import Answer, Model
from scalebook.analysis.planner.coefficients import Coefficients
from scalebook.analysis.planner.next_run import Design, NextRun
from scalebook.analysis.planner.spending import Share
from scalebook.analysis.planner.tables import Row

from .figures import next_runs as next_figure
from .figures import plan_tradeoff
from .report import Block, Figure, Text
from .sections import grid_of

RESTS_ON = (
    "What the plan rests on. One law tells size from data, where the forecast above weighs several: by it alone the"
    " target's loss is another."
)
SAME = "For this loss, and with this file for its coefficients, `scalebook plan` says the same."
OPEN = "With this file for its coefficients `scalebook plan` refuses, as it takes nothing from the corpus."
BEST, PLAN, TARGET, OPTIMAL = "best", "plan", "your target", "compute-optimal, equal loss"


def _label(design: Design) -> str:
    if not design.runs:
        return "train nothing more"
    counted: dict[str, int] = {}
    for run in design.runs:
        counted[run.label] = counted.get(run.label, 0) + 1
    return "; ".join(f"{n} x {label}" if n > 1 else label for label, n in counted.items())


def _designs(known: Briefing, found: NextRun) -> Evidence:
    """Sets of runs, and what they do."""
    rows = pd.DataFrame(
        {
            "runs": [_label(d) for d in found.designs],
            "kind": [d.kind for d in found.designs],
            "flops": [d.flops for d in found.designs],
            "share": [d.share_of_budget for d in found.designs],
            "before": [d.sd_before for d in found.designs],
            "after": [d.sd_after for d in found.designs],
            "removed": [d.removed for d in found.designs],
            "why": [d.why for d in found.designs],
        }
    ).drop_duplicates("runs")
    columns = {
        "runs": Shown("runs [parameters on tokens]"),
        "kind": Shown("design"),
        "flops": Shown("cost [FLOP]", "number"),
        "share": Shown("of the budget", "percent"),
        "before": Shown("forecast's standard deviation now", "percent"),
        "after": Shown("after", "percent"),
        "removed": Shown("variance removed", "percent"),
        "why": Shown("why"),
    }
    return Evidence(rows, columns)


def next_in_short(known: Briefing) -> str:
    """What to train next, in a sentence."""
    found = known.next_run
    if isinstance(found, str) or not found.best.runs:
        return ""
    said = "Train before it: {runs}, for {share} of the budget: the forecast's standard deviation falls to {after}."
    return _designs(known, found).say(said, **{n: (_label(found.best), n) for n in ("runs", "share", "after")})


def next_runs(known: Briefing) -> list[Block]:
    """Designs within the budget."""
    found = known.next_run
    if isinstance(found, str):
        return [Text(f"No next run is proposed: {found}.", role="caution", quoted=True)]
    table = _designs(known, found)
    drawn = pd.DataFrame(
        {
            "name": [f"{d.kind}: {len(d.runs)} runs" for d in found.designs],
            "params": [max((run.params for run in d.runs), default=np.nan) for d in found.designs],
            "flops": [d.flops for d in found.designs],
            "sd": [d.sd_after for d in found.designs],
            "chosen": [d.kind == BEST for d in found.designs],
        }
    ).dropna()
    blocks: list[Block] = [Text(next_in_short(known), role="claim")] if next_in_short(known) else []
    if not found.identified:
        blocks.append(Text("These runs alone do not determine the law: what is missing comes from the corpus."))
        if found.identified_by:
            runs = pd.DataFrame({"run": list(dict.fromkeys(run.label for run in found.identified_by))})
            caption = "The cheapest affordable runs that would determine it."
            blocks.append(grid_of(Evidence(runs, {"run": Shown("run [parameters on tokens]")}), caption))
    if len(drawn):
        picture = next_figure.draw(drawn, found.sd, found.budget_flops)
        blocks.append(Figure("Sets of runs: what they cost, and how sure the forecast is after them.", picture, "Runs"))
    caption = (
        "Sets of runs within the budget, by what they do for the forecast of the target. Standard deviations are those"
        " that rehearsals showed, as its interval."
    )
    return [*blocks, grid_of(table, caption)]


def _models(known: Briefing, answer: Answer) -> Evidence:
    """The target, the compute-optimal model of its loss, and the cheapest over its life."""
    target = _of_target(known, answer)
    named = {TARGET: target, OPTIMAL: answer.baseline, PLAN: answer.plan}
    if answer.is_baseline:
        del named[PLAN]
    rows = [
        {
            "model": name,
            "params": m.params,
            "tokens": m.tokens,
            "ratio": m.tokens_per_param,
            "train": m.train_flops,
            "total": m.total_flops,
            "over": m.total_flops / target.total_flops,
            "cost": np.nan if m.cost is None else m.cost,
        }
        for name, m in named.items()
    ]
    columns = {
        "model": Shown("model"),
        "params": Shown("parameters", "si"),
        "tokens": Shown("tokens", "si"),
        "ratio": Shown("tokens per parameter", "si"),
        "train": Shown("training [FLOP]", "number"),
        "total": Shown("with inference [FLOP]", "number"),
        "over": Shown("over the target's", "factor"),
        "cost": Shown("cost [$]", "si"),
    }
    if all(m.cost is None for m in named.values()):
        del columns["cost"]
    return Evidence(pd.DataFrame(rows), columns)


def _of_target(known: Briefing, answer: Answer) -> Model:
    target = known.target
    return Model.of(target.params, target.tokens, answer.plan.loss, answer.request, Share(answer.request.active_share))


def plan_in_short(known: Briefing) -> str:
    """What else would do as well, in a sentence."""
    answer = known.plan
    if isinstance(answer, str):
        return ""
    table = _models(known, answer)
    key = OPTIMAL if answer.is_baseline else PLAN
    assert isinstance(answer.source, Coefficients)  # a briefing plans with a law of the loss
    life = " over its life" if known.inference_tokens else ""
    said = (
        f"A model of {{params}} parameters on {{tokens}} tokens is as good, by {answer.source.law.name},"
        f" for {{over}} of the target's compute{life}."
    )
    return table.say(said, **{name: (key, name) for name in ("params", "tokens", "over")})


def instead(known: Briefing) -> list[Block]:
    """Models as good as the target, and their trade-offs."""
    answer = known.plan
    if isinstance(answer, str):
        return [Text(f"There is no plan: {answer}.", role="caution", quoted=True)]
    served = STYLES["si"](known.inference_tokens)
    told = {
        "law": answer.source.about,
        "loss of the target, by this law": f"{STYLES['ratio'](answer.plan.loss)} {known.points.unit}",
        "inference tokens": served,
        "level of intervals": _level(answer),
    }
    what = pd.DataFrame({"what": list(told), "value": list(told.values())})
    return [
        Text(plan_in_short(known), role="claim"),
        grid_of(_models(known, answer), "Models of the loss that the law gives the target."),
        grid_of(_intervals(answer), "How sure the cheapest model is: draws of the law's coefficients."),
        _tradeoff(known, answer),
        grid_of(
            Evidence(what, {"what": Shown("what"), "value": Shown("value")}),
            f"{RESTS_ON} {OPEN if PRIOR in answer.source.about else SAME}",
        ),
        *(
            [grid_of(_rows(known.equal_loss), "Models of equal loss: smaller ones train longer, and serve cheaper.")]
            if known.equal_loss
            else []
        ),
    ]


def _level(answer: Answer) -> str:
    return f"{100 * answer.request.level:g} %"


def _intervals(answer: Answer) -> Evidence:
    words = {"params": "parameters", "tokens": "tokens", "train_flops": "training [FLOP]", "total_flops": "all [FLOP]"}
    rows = []
    for name, label in words.items():
        if name in answer.intervals:
            say = STYLES["number" if "flops" in name else "si"]
            ends = answer.intervals[name]
            rows.append({"what": label, "interval": f"{say(ends.low)} to {say(ends.high)}"})
    table = pd.DataFrame(rows, columns=["what", "interval"])
    said = {"what": Shown("of the cheapest model"), "interval": Shown(f"{_level(answer)} interval")}
    return Evidence(table, said)


def _rows(rows: tuple[Row, ...]) -> Evidence:
    table = pd.DataFrame(
        {
            "params": [r.model.params for r in rows],
            "tokens": [r.model.tokens for r in rows],
            "ratio": [r.model.tokens_per_param for r in rows],
            "train": [r.train_ratio for r in rows],
            "total": [r.total_ratio for r in rows],
            "which": [r.which.replace("baseline", "compute-optimal") for r in rows],
        }
    )
    columns = {
        "params": Shown("parameters", "si"),
        "tokens": Shown("tokens", "si"),
        "ratio": Shown("tokens per parameter", "si"),
        "train": Shown("training over the compute-optimal one's", "factor"),
        "total": Shown("cost over its life, likewise", "factor"),
        "which": Shown("which"),
    }
    return Evidence(table, columns)


def _tradeoff(known: Briefing, answer: Answer) -> Figure:
    """Both trade-offs, drawn."""
    cost = pd.DataFrame(
        {
            "flops": answer.plan.total_flops,
            "params": [r.model.params for r in known.equal_cost],
            "loss": [r.model.loss for r in known.equal_cost],
        }
    ).assign(low=np.nan, high=np.nan)
    least = min((r.total_ratio for r in known.equal_loss), default=1.0)
    loss = pd.DataFrame(
        {
            "params": [r.model.params for r in known.equal_loss],
            "ratio": [r.total_ratio / least for r in known.equal_loss],
        }
    ).assign(low=np.nan, high=np.nan)
    named = {"plan": answer.plan, "compute-optimal": answer.baseline}
    if answer.is_baseline:
        del named["plan"]
    marks = pd.DataFrame(
        [
            {
                "name": name,
                "params": m.params,
                "loss": m.loss if name == "plan" or answer.is_baseline else np.nan,
                "ratio": (answer.spent[0] / answer.spent[1] if name == "plan" else 1.0) / least,
            }
            for name, m in named.items()
        ]
    )
    drawn = plan_tradeoff.draw(cost, loss, marks, unit=known.points.unit, level=answer.request.level)
    return Figure("What another size would mean, at equal cost and at equal loss.", drawn, "Trade-offs of the plan")
