"""The tournament of laws: held-out errors with one objective, paired within families."""

from __future__ import annotations

import pandas as pd

from ..error import over_families
from ..finding import Evidence, Finding, Need, NoAnswer, Question, Shown
from ..pooling import pool
from ..results import BASELINES, MAIN_OBJECTIVE
from ..tournament import PROTOCOL, REFERENCE, compared, standings

LAWS = ("chinchilla", "chinchilla_tied", "compute", "kaplan", "multiplicative", "overtraining", "broken_power")
NEED = Need(PROTOCOL, laws=(*LAWS, *BASELINES))
COLUMNS = {
    "contestant": Shown("law, objective"),
    "families": Shown("families", "count"),
    "groups": Shown("groups", "count"),
    "are": Shown("median ARE", "percent"),
    "are_low": Shown("90 % interval", "percent", to="are_high"),
    "ratio": Shown(f"over {REFERENCE}", "factor"),
    "ratio_low": Shown("90 % interval", "factor", to="ratio_high"),
    "q": Shown("q of no difference", "number"),
    "best": Shown("best in so many redraws of groups", "percent"),
    "determined": Shown("designs that determine it", "percent"),
}


def find(results: pd.DataFrame) -> Finding:
    """Standings of all laws with the main objective."""
    mine = results[results["objective"] == MAIN_OBJECTIVE]
    evidence = Evidence(standings(mine), COLUMNS)
    laws = [name for name in evidence.rows["contestant"] if name not in (*BASELINES, REFERENCE)]
    if not laws:
        raise NoAnswer(f"no family has a forecast by another law than {REFERENCE}")
    best = laws[0]
    ratios, related = compared(mine, best, REFERENCE)
    cells = {
        "best": (best, "contestant"),
        "are": (best, "are"),
        "main": (REFERENCE, "contestant"),
        "main_are": (REFERENCE, "are"),
        "ratio": (best, "ratio"),
        "interval": (best, "ratio_low"),
        "chance": (best, "best"),
        "families": (best, "families"),
        "determined": (best, "determined"),
        "main_determined": (REFERENCE, "determined"),
    }
    claim = (
        "Over {families} families the law that comes first is {best}, with a median error of {are}; {main} errs by"
        " {main_are}. Within a family that is {ratio} the error (90 % interval {interval}). It comes first in {chance}"
        " of redraws of the groups, and designs determine it in {determined} of the cases, against {main_determined}."
    )
    rule = (
        "Where sizes are few, start with {best}: it is determined by {determined} of the designs, and a law that is"
        " not determined forecasts nothing."
    )
    return Finding(
        question="Which law extrapolates best?",
        claim=evidence.say(claim, **cells),
        evidence=evidence,
        interval=over_families(ratios, related),
        rests_on=tuple(sorted(ratios.index)),
        pooled=pool(ratios, related),
        rule=evidence.say(rule, best=cells["best"], determined=cells["determined"]),
    )


QUESTION = Question(find, (NEED,))
