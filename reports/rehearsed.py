"""The record of `scalebook predict`: how well weighed laws forecast, by law and by design."""

from __future__ import annotations

import pandas as pd

from scalebook.analysis.finding import Evidence, Shown
from scalebook.analysis.forecast.experience import AUTO
from scalebook.analysis.forecast.record import LEVEL, by_design, by_law

from .report import Section, Text
from .sections import grid_of

TITLE = "Several laws at once: how well `scalebook predict` forecasts"
HOW = (
    "Chinchilla's law and the law of compute are each fitted to ends of runs and to all checkpoints, under a prior that"
    " all unrelated families taught, and weighed by what they foretold of smaller sizes. Every family was forecast as"
    " if its largest model were still to be trained. Where a single law was not determined, the last loss seen stands"
    " for it."
)


def _laws() -> Evidence:
    rows = pd.DataFrame(by_law()).rename(
        columns={"median_ARE_families_alike": "are", "median_ARE_of_group_medians": "by_group"}
    )
    columns = {
        "law": Shown("law"),
        "are": Shown("median ARE, families alike", "percent"),
        "by_group": Shown("median ARE of groups' medians", "percent"),
        "determined": Shown("determined", "percent"),
        "families": Shown("families", "count"),
        "groups": Shown("groups", "count"),
    }
    return Evidence(rows, columns)


def _designs() -> Evidence:
    level = f"{100 * LEVEL:g} %"
    rows = pd.DataFrame(by_design()).rename(
        columns={
            "median_ARE_groups_alike": "are",
            "half_width_groups_alike": "width",
            "hold_groups_alike": "held",
            "hold_forecasts_alike": "of_all_forecasts",
        }
    )
    columns = {
        "seen": Shown("seen"),
        "forecasts": Shown("forecasts", "count"),
        "families": Shown("families", "count"),
        "groups": Shown("groups", "count"),
        "are": Shown("median ARE, groups alike", "percent"),
        "width": Shown(f"half of the {level} interval, groups alike", "percent"),
        "held": Shown("intervals that hold, groups alike", "percent"),
        "of_all_forecasts": Shown("forecasts alike", "percent"),
    }
    return Evidence(rows, columns)


def in_short() -> str:
    """What weighing laws gains, in a sentence."""
    table = _laws()
    best = next(law for law in table.rows["law"] if law != AUTO)
    said = (
        "Several laws weighed, under a prior from other families, forecast the largest model of {families} families"
        f" with an error of {{auto}} in the median of groups' medians; the best single law, {best}, with {{best}}."
    )
    cells = {"families": (AUTO, "families"), "auto": (AUTO, "by_group"), "best": (best, "by_group")}
    return table.say(said, **cells)


def rehearsed() -> Section:
    """Both tables."""
    return Section(
        TITLE.replace("`", ""),
        [
            Text(in_short()),
            Text(HOW),
            grid_of(_laws(), "The largest model left out, of families with four sizes or more, by law."),
            grid_of(_designs(), "Laws weighed, by what was seen; intervals are those that all other groups teach."),
        ],
        part="Evidence",
    )
