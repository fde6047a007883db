"""Selections of study results that several findings and figures share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from .error import Interval, over_families
from .finding import NoAnswer, Shown
from .pooling import Pooled, pool

#: The law that findings about designs are told for.
MAIN_LAW = "chinchilla"
BASELINES = ("last_seen", "best_seen")


#: What was minimised, in findings about designs.
MAIN_OBJECTIVE = "huber-log"


def forecasts(
    results: pd.DataFrame,
    protocol: str = "sizes_and_fraction",
    law: str = MAIN_LAW,
    objective: str = MAIN_OBJECTIVE,
) -> pd.DataFrame:
    """Rows in which a law was determined by what was seen and its forecast can be compared with what came.

    Rows with another status are no forecasts: a law that is not identified has not predicted anything.
    """
    mine = (results["protocol"] == protocol) & (results["law"] == law) & (results["objective"] == objective)
    return results[mine & (results["status"] == "converged") & results["are"].notna()]


def of_laws(results: pd.DataFrame, protocol: str, laws: Sequence[str] = (MAIN_LAW, "compute")) -> pd.DataFrame:
    """Forecasts under a protocol by each of several laws, as they are or with the size term dropped.

    Some designs determine a law with few coefficients only; what a design is worth is compared within each law.
    """
    return pd.concat([forecasts(results, protocol, law) for law in laws], ignore_index=True)


def all_but_largest(results: pd.DataFrame) -> pd.DataFrame:
    """Of each family, the splits that saw all sizes but the largest, whether or not that determined the law.

    Parameters
    ----------
    results : DataFrame
        All rows: among forecasts alone, the most sizes may be fewer than there were.
    """
    most = results.groupby(["protocol", "family"])["sizes"].transform("max")
    return results[results["sizes"] == most]


def fullest(results: pd.DataFrame) -> pd.DataFrame:
    """Of each family, the split that saw all sizes but the largest, to the end of training; for each law."""
    rows = all_but_largest(results)
    return rows[rows["fraction"] == 1.0]


def effect(ratios: pd.Series, related: pd.Series) -> tuple[Interval, Pooled]:
    """A ratio over families: its typical value with interval, and pooled by random effects with heterogeneity.

    Parameters
    ----------
    ratios, related : Series
        One per family, both with the families as index.
    """
    mine = related.loc[ratios.index]
    return over_families(ratios, mine), pool(ratios, mine)


def typical(are: pd.Series, against: pd.Series, related: pd.Series) -> dict[str, float]:
    """Median error over families with its interval, and the same for its ratio to another error of the same family.

    Parameters
    ----------
    are, against, related : Series
        One value per family, all with the families as index; families without a value in `against` take no part in
        the ratio.

    Returns
    -------
    dict of str to float
        The columns of `typical_columns`.
    """
    error = over_families(are, related)
    paired = are.index.intersection(against.index)
    ratio = over_families(are.loc[paired] / against.loc[paired], related.loc[paired])
    told: dict[str, float] = {"families": error.families, "groups": error.groups}
    for name, interval in (("are", error), ("ratio", ratio)):
        told |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return told


def typical_columns(against: str) -> dict[str, Shown]:
    """How the values of `typical` are printed."""
    return {
        "families": Shown("families", "count"),
        "groups": Shown("groups", "count"),
        "are": Shown("median ARE", "percent"),
        "are_low": Shown("90 % interval", "percent", to="are_high"),
        "ratio": Shown(f"over {against}", "factor"),
        "ratio_low": Shown("90 % interval", "factor", to="ratio_high"),
    }


def by_setting(rows: pd.DataFrame, setting: str, base: Hashable) -> pd.DataFrame:
    """Typical errors for every value of a setting, and their ratio to those at its value `base`, family by family.

    Raises
    ------
    NoAnswer
        If there is no row at `base`.
    """
    if base not in set(rows[setting]):
        raise NoAnswer(f"no family has a forecast with {setting} {base}, which the others are compared with")
    reference = rows[rows[setting] == base].set_index("family")["are"]
    told = []
    for value, group in rows.groupby(setting):
        mine = group.set_index("family")
        told.append({setting: value, **typical(mine["are"], reference, mine["related"])})
    return pd.DataFrame(told)


def ratio_at(rows: pd.DataFrame, setting: str, value: Hashable, base: Hashable) -> tuple[Interval, Pooled]:
    """Ratio of the errors at two values of a setting, within families."""
    mine = rows[rows[setting] == value].set_index("family")
    reference = rows[rows[setting] == base].set_index("family")["are"]
    paired = mine.index.intersection(reference.index)
    return effect(mine.loc[paired, "are"] / reference.loc[paired], mine["related"])
