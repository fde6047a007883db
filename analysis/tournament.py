"""Which law with which objective forecasts best: held-out errors, compared within families, paired by bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .error import over_families
from .finding import NoAnswer
from .pooling import false_discovery, pool
from .results import BASELINES, MAIN_LAW, MAIN_OBJECTIVE

PROTOCOL = "all_but_largest"
#: An error below this is an accident of one target: it must not win by its logarithm.
SMALLEST = 1e-4
REFERENCE = f"{MAIN_LAW}, {MAIN_OBJECTIVE}"


def errors(
    results: pd.DataFrame, protocol: str = PROTOCOL, *, shared: bool = False
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Mean log error of each contestant in each family.

    Where a law was not determined, its contestant forecasts what one would without a law: the last loss seen. To leave
    such designs out would reward laws that fail where it is hard.

    Parameters
    ----------
    shared : bool
        Compare only on designs that determine every contestant, for contestants that differ in the fit and not in the
        form.

    Returns
    -------
    DataFrame
        Families as index, contestants ("law, objective"; baselines by name) as columns, mean log ARE over designs.
    Series
        Group of related families, by family.
    Series
        Share of designs in which the contestant was determined, by contestant.

    Raises
    ------
    NoAnswer
        If no baseline was run, or nothing else.
    """
    rows = results[(results["protocol"] == protocol) & (results["target_params"] > 0)]
    last = rows[(rows["law"] == "last_seen") & rows["are"].notna()]
    fallback = last.drop_duplicates(["family", "sizes"]).set_index(["family", "sizes"])["are"]
    if fallback.empty:
        raise NoAnswer("no family has a forecast by the last loss seen, which others are compared with")
    table = {}
    determined = {}
    for name, mine in rows.groupby(_contestants(rows)):
        known = mine[(mine["status"] == "converged") & mine["are"].notna()].set_index(["family", "sizes"])["are"]
        if len(known):
            table[name] = known.reindex(fallback.index)
            determined[name] = float(known.index.isin(fallback.index).sum() / len(fallback))
    ares = pd.DataFrame(table)
    ares = ares.dropna() if shared else ares.apply(lambda column: column.fillna(fallback))
    if ares.empty:
        raise NoAnswer("no family has a forecast by every contestant")
    logs: pd.DataFrame = ares.clip(lower=SMALLEST).apply(np.log)
    related = rows.drop_duplicates("family").set_index("family")["related"]
    return logs.groupby(level="family").mean(), related, pd.Series(determined)


def _contestants(rows: pd.DataFrame) -> pd.Series:
    plain = rows["law"].isin(BASELINES)
    return rows["law"].where(plain, rows["law"] + ", " + rows["objective"])


def standings(
    results: pd.DataFrame, protocol: str = PROTOCOL, *, shared: bool = False, draws: int = 4000, seed: int = 0
) -> pd.DataFrame:
    """The table of the tournament, best first.

    Returns
    -------
    DataFrame
        ``contestant``; ``families``, ``groups``; ``are`` with its interval, the typical error; ``ratio`` to the
        reference within families with interval; ``p``, ``q`` of no difference; ``best``, the share of draws of
        groups in which it has the lowest mean log error; ``determined``, the share of designs that determine it.

    Raises
    ------
    NoAnswer
        If the reference did not take part.
    """
    logs, related, determined = errors(results, protocol, shared=shared)
    if REFERENCE not in logs:
        raise NoAnswer(f"no family has a forecast by {REFERENCE}, which the others are compared with")
    mine = related.loc[logs.index]
    groups = logs.groupby(mine).mean()
    drawn = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    winners = groups.to_numpy()[drawn].mean(axis=1).argmin(axis=1)
    best = np.bincount(winners, minlength=logs.shape[1]) / draws
    told = []
    for name, chance in zip(logs.columns, best, strict=True):
        ratios = np.exp(logs[name] - logs[REFERENCE])
        are, ratio, pooled = over_families(np.exp(logs[name]), mine), over_families(ratios, mine), pool(ratios, mine)
        row = {"contestant": name, "families": are.families, "groups": are.groups}
        row |= {"are": are.value, "are_low": are.low, "are_high": are.high}
        row |= {"ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high}
        told.append(row | {"p": pooled.p, "best": chance, "determined": determined[name]})
    table = pd.DataFrame(told)
    table["p"] = table["p"].where(table["contestant"] != REFERENCE)
    table["q"] = false_discovery(table["p"].tolist())
    # Of contestants with the same errors, the one that redraws name first.
    standing = pd.DataFrame({"error": groups.mean().round(12), "lost": 1 - best}, index=groups.columns)
    order = standing.sort_values(["error", "lost"], kind="stable").index
    return table.set_index("contestant").loc[order].reset_index()


def compared(
    results: pd.DataFrame, one: str, other: str, protocol: str = PROTOCOL, *, shared: bool = False
) -> tuple[pd.Series, pd.Series]:
    """Error of one contestant over that of another in each family, and the group of each family."""
    logs, related, _ = errors(results, protocol, shared=shared)
    ratios = (logs[one] - logs[other]).map(np.exp)
    return ratios, related.loc[logs.index]
