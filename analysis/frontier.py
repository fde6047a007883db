"""What a FLOP buys: error of a forecast against its cost as a share of the target's, and which designs are efficient.

A design is a number of sizes and how far each is trained. Its cost is all training that it takes; a family weighs the
same whatever number of designs it allows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .error import over_families
from .finding import NoAnswer
from .results import MAIN_LAW, forecasts

#: Upper ends of budgets, as shares of the target's own training FLOPs.
BUDGETS = (0.01, 0.03, 0.1, 0.3, 1.0)
FEW, PART = 4, 0.8
#: A design is shown as the best of a budget when so many independent groups have tried it.
ENOUGH = 3


def designs(results: pd.DataFrame, law: str = MAIN_LAW) -> pd.DataFrame:
    """Forecasts with ``share``, their cost over the target's, ``budget``, the end of its range, and ``design``.

    Raises
    ------
    NoAnswer
        If no family has a forecast whose cost is known.
    """
    rows = forecasts(results, law=law)
    rows = rows[(rows["train_flops"] > 0) & (rows["target_flops"] > 0) & (rows["are"] > 0)].copy()
    rows["share"] = rows["train_flops"] / rows["target_flops"]
    rows = rows[rows["share"] <= BUDGETS[-1]]
    if rows.empty:
        raise NoAnswer("no family has a forecast that costs less than its target")
    rows["budget"] = np.array(BUDGETS)[np.searchsorted(BUDGETS, rows["share"])]
    few = np.where(rows["sizes"] <= FEW, f"up to {FEW} sizes", f"more than {FEW} sizes")
    part = np.where(rows["fraction"] < PART, "stopped early", "trained on")
    rows["design"] = [f"{a}, {b}" for a, b in zip(few, part, strict=True)]
    return rows


def frontier(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by budget.

    Returns
    -------
    DataFrame
        ``budget``; ``families``, ``groups``; ``are`` with interval, the typical error of designs in this range of
        cost; ``best``, the error of the best of each family's designs up to this budget, known only afterwards;
        ``design`` and ``design_are`` with interval, the kind of design with the lowest typical error.
    """
    logs = rows.assign(log=np.log(rows["are"]))
    related = rows.drop_duplicates("family").set_index("family")["related"]
    told = []
    for budget in sorted(set(rows["budget"])):
        here = logs[logs["budget"] == budget]
        mean = here.groupby("family")["log"].mean()
        found = over_families(np.exp(mean), related.loc[mean.index])
        least = logs[logs["budget"] <= budget].groupby("family")["are"].min()
        oracle = over_families(least, related.loc[least.index])
        row = {"budget": budget, "families": found.families, "groups": found.groups}
        row |= {"are": found.value, "are_low": found.low, "are_high": found.high, "best": oracle.value}
        told.append(row | _best_design(here, related))
    return pd.DataFrame(told)


def _best_design(here: pd.DataFrame, related: pd.Series) -> dict[str, object]:
    """The kind of design with the lowest typical error, among those that several groups have tried."""
    found = {}
    for design, some in here.groupby("design"):
        mean = some.groupby("family")["log"].mean()
        error = over_families(np.exp(mean), related.loc[mean.index])
        if error.groups >= ENOUGH:
            found[design] = error
    if not found:
        return {"design": None, "design_are": np.nan, "design_low": np.nan, "design_high": np.nan}
    name = min(found, key=lambda design: found[design].value)
    best = found[name]
    return {"design": name, "design_are": best.value, "design_low": best.low, "design_high": best.high}


def tenfold(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """By family, the factor on the error of ten times the compute: the slope of log ARE on log share.

    Returns
    -------
    Series
        Factors of families with three designs or more, whose costs span a factor of 3 at least.
    Series
        Their groups.
    """
    factors, related = {}, {}
    for family, mine in rows.groupby("family"):
        log = np.log10(mine["share"].to_numpy())
        if len(log) >= 3 and np.ptp(log) >= np.log10(3):
            slope = np.polyfit(log, np.log(mine["are"].to_numpy()), 1)[0]
            factors[family], related[family] = float(np.exp(slope)), mine["related"].iloc[0]
    return pd.Series(factors, dtype=float), pd.Series(related, dtype=object)
