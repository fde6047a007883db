"""The meta-regression: what each property of a design is worth, all others being the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..error import Interval
from ..finding import Evidence, Finding, NoAnswer, Question, Shown
from ..meta_regression import TERMS, Design, regression
from ..pooling import Pooled, false_discovery
from .which_law import NEED as LAWS
from .which_objective import NEEDS as OBJECTIVES

DOUBLED = "extrapolation_params"
FACTORS = (2.0, 10.0, 100.0)


def find(results: pd.DataFrame) -> Finding:
    """Effects on the error, and the error to expect at three distances in N."""
    fitted = regression(results)
    effects = fitted.effects()
    if DOUBLED not in fitted.names:
        raise NoAnswer("no family has a forecast over another distance in N than the others")
    effects["q"] = false_discovery(effects["p"].tolist())
    effects = effects[effects["term"] != "1"]
    rows = effects.assign(told=effects["term"].map(TERMS).fillna(effects["term"]))
    expected = [fitted.expected_error(Design(factor)) for factor in FACTORS]
    designs = [
        {"told": f"five sizes, target {f:.0f}x the largest", "are": e.value, "are_low": e.low, "are_high": e.high}
        | {"bad_are": e.bad, "families": fitted.families, "groups": e.groups}
        for f, e in zip(FACTORS, expected, strict=True)
    ]
    evidence = Evidence(
        pd.concat([rows, pd.DataFrame(designs)], ignore_index=True),
        {
            "told": Shown("property, or design"),
            "factor": Shown("factor on the error", "factor"),
            "low": Shown("90 % interval", "factor", to="high"),
            "q": Shown("q of no effect", "number"),
            "bad": Shown("factor on the worst tenth", "factor"),
            "are": Shown("ARE to expect", "percent"),
            "are_low": Shown("90 % of groups", "percent", to="are_high"),
            "bad_are": Shown("exceeded by one in ten", "percent"),
            "families": Shown("families", "count"),
            "groups": Shown("groups", "count"),
        },
    )
    near, far, main = designs[0]["told"], designs[1]["told"], TERMS[DOUBLED]
    mine = effects[effects["term"] == DOUBLED].to_dict("records")[0]
    counts = (fitted.families, fitted.groups)
    return Finding(
        question="How does the error grow with the distance to the target?",
        claim=evidence.say(
            "A {main} multiplies the error by {factor} (90 % interval {interval}), all else being the same. With"
            " {near}, expect {near_are}; with {far}, {far_are} (90 % of groups of families lie between {far_range};"
            " learnt from {families} families).",
            main=(main, "told"),
            factor=(main, "factor"),
            interval=(main, "low"),
            near=(near, "told"),
            near_are=(near, "are"),
            far=(far, "told"),
            far_are=(far, "are"),
            far_range=(far, "are_low"),
            families=(far, "families"),
        ),
        evidence=evidence,
        interval=Interval(float(mine["factor"]), float(mine["low"]), float(mine["high"]), 0.9, *counts),
        rests_on=fitted.rests_on,
        pooled=Pooled(
            float(mine["factor"]),
            float(mine["low"]),
            float(mine["high"]),
            fitted.between**2,
            float(np.nan),
            float(mine["p"]),
            fitted.groups,
        ),
        rule=evidence.say(
            "Do not stake on the typical error alone: at {far} one forecast in ten errs by more than {bad}.",
            far=(far, "told"),
            bad=(far, "bad_are"),
        ),
    )


QUESTION = Question(find, (LAWS, *OBJECTIVES))
