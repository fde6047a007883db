"""Laws against the last and the best loss already seen."""

from __future__ import annotations

import pandas as pd

from ..finding import Evidence, Finding, NoAnswer, Question, Shown
from ..results import BASELINES, MAIN_LAW, effect, forecasts, fullest, typical, typical_columns

#: Other laws that are shown beside; `which_law` compares all.
OTHERS = ("compute",)


def find(results: pd.DataFrame) -> Finding:
    """Errors of laws and baselines in the same families, all sizes but the largest seen to the end."""
    names = [MAIN_LAW, *(law for law in OTHERS if law in set(results["law"])), *BASELINES]
    full = {law: forecasts(fullest(results), law=law).set_index("family") for law in names}
    # A family counts for all laws or for none, so that the medians compare like with like.
    shared = sorted(set.intersection(*(set(table.index) for table in full.values())))
    if not shared:
        raise NoAnswer(f"no family has a forecast by each of {', '.join(names)} from all sizes but the largest")
    errors = {law: table.loc[shared, "are"] for law, table in full.items()}
    related = full[MAIN_LAW].loc[shared, "related"]
    better = pd.concat([errors[b] for b in BASELINES], axis=1).min(axis=1)
    rows = pd.DataFrame([{"law": law, **typical(errors[law], better, related)} for law in names])
    rows["wins"] = [float("nan") if law in BASELINES else (errors[law] < better).mean() for law in names]
    evidence = Evidence(
        rows,
        {
            "law": Shown("law"),
            **typical_columns("better baseline's"),
            "wins": Shown("beats both baselines in", "percent"),
        },
    )
    claim = evidence.say(
        "In {families} families, with all sizes but the largest seen to the end, {law} errs by {are} in the median and"
        " {last} by {last_are}. It beats both baselines in {wins} of the families; its error is {ratio} the better"
        " baseline's (90 % interval {interval}).",
        families=(MAIN_LAW, "families"),
        law=(MAIN_LAW, "law"),
        are=(MAIN_LAW, "are"),
        last=("last_seen", "law"),
        last_are=("last_seen", "are"),
        wins=(MAIN_LAW, "wins"),
        ratio=(MAIN_LAW, "ratio"),
        interval=(MAIN_LAW, "ratio_low"),
    )
    interval, pooled = effect(errors[MAIN_LAW] / better, related)
    return Finding(
        question="Does a law beat the loss already seen?",
        claim=claim,
        evidence=evidence,
        interval=interval,
        rests_on=tuple(shared),
        pooled=pooled,
        rule=evidence.say(
            "Fit a law where it is determined, and print the last loss seen beside it: it is the forecast to beat,"
            " with {last_are}.",
            last_are=("last_seen", "are"),
        ),
    )


QUESTION = Question(find)
