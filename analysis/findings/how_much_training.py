"""Error against how much of their training the small models have done."""

from __future__ import annotations

import pandas as pd

from ..finding import Evidence, Finding, Question, Shown
from ..results import all_but_largest, by_setting, forecasts, ratio_at, typical_columns


def find(results: pd.DataFrame) -> Finding:
    """Error against the share of training seen, with all sizes but the largest."""
    seen = forecasts(all_but_largest(results))
    # Families that publish only final checkpoints answer at the end alone and take no part.
    seen = seen[seen.groupby("family")["fraction"].transform("nunique") > 1]
    evidence = Evidence(
        by_setting(seen, "fraction", 1.0),
        {"fraction": Shown("share of training seen", "percent"), **typical_columns("that at the end")},
    )
    early, late = float(evidence.rows["fraction"].min()), 1.0
    claim = evidence.say(
        "With small models trained to {early} of their length the median error is {early_are}, to {late} it is"
        " {late_are}. Within a family, stopping at {early} multiplies the error by {ratio} (90 % interval {interval},"
        " {families} families).",
        early=(early, "fraction"),
        late=(late, "fraction"),
        early_are=(early, "are"),
        late_are=(late, "are"),
        ratio=(early, "ratio"),
        interval=(early, "ratio_low"),
        families=(early, "families"),
    )
    interval, pooled = ratio_at(seen, "fraction", early, late)
    return Finding(
        question="How much of their training must the small models have done?",
        claim=claim,
        evidence=evidence,
        interval=interval,
        rests_on=tuple(sorted(set(seen["family"]))),
        pooled=pooled,
        rule=evidence.say(
            "Let small runs finish: stopped at {early} they promise {early_are} where finished ones promise"
            " {late_are}.",
            early=(early, "fraction"),
            early_are=(early, "are"),
            late_are=(late, "are"),
        ),
    )


QUESTION = Question(find)
