"""Signed errors: absolute ones hide whether the loss came out higher or lower than forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..error import over_families
from ..finding import Evidence, Finding, NoAnswer, Question, Shown
from ..pooling import pool
from ..results import MAIN_LAW, forecasts, fullest

LAWS = (MAIN_LAW, "compute")


def find(results: pd.DataFrame) -> Finding:
    """Signed errors of the fullest design by law, over groups of related families."""
    full = {law: forecasts(fullest(results), law=law).set_index("family") for law in LAWS}
    if full[MAIN_LAW].empty:
        raise NoAnswer("no family has a forecast from all sizes but the largest")
    told = []
    for law, rows in full.items():
        if rows.empty:
            continue
        ratio = over_families(1 + rows["signed_error"], rows["related"])
        high = over_families((rows["signed_error"] > 0).astype(float), rows["related"], statistic="mean")
        told.append({"law": law, "families": ratio.families, "groups": ratio.groups, "above": high.value})
        told[-1] |= {"ratio": ratio.value, "low": ratio.low, "high": ratio.high}
    evidence = Evidence(
        pd.DataFrame(told),
        {
            "law": Shown("law"),
            "families": Shown("families", "count"),
            "groups": Shown("groups", "count"),
            "ratio": Shown("forecast over observed loss", "ratio"),
            "low": Shown("90 % interval", "ratio", to="high"),
            "above": Shown("forecasts above the loss", "percent"),
        },
    )
    cells = {name: (MAIN_LAW, name) for name in ("families", "law", "ratio", "low", "above")}
    main = full[MAIN_LAW]
    ratios = 1 + main["signed_error"]
    return Finding(
        question="Do forecasts promise too much?",
        claim=evidence.say(
            "In {families} families the forecast of {law} is {ratio} times the loss in the median (90 % interval"
            " {low}); it lies above the loss in {above} of the cases, groups weighing equally.",
            **cells,
        ),
        evidence=evidence,
        interval=over_families(ratios, main["related"]),
        rests_on=tuple(sorted(main.index)),
        pooled=pool(ratios.where(np.isfinite(ratios)), main["related"]),
        rule=evidence.say(
            "Report the sign: forecasts lay above the loss in {above} of the cases.", above=(MAIN_LAW, "above")
        ),
    )


QUESTION = Question(find)
