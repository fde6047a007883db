"""Are the probabilities of A/B decisions right? Of pairs in the corpus, each judged by what other groups showed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..error import over_families
from ..spread import weights_of
from .differences import DEFAULT, WAYS, odds_of

if TYPE_CHECKING:
    import pandas as pd

#: Ends of the classes of probability.
CLASSES = (0.0, 0.6, 0.7, 0.8, 0.9, 1.0)
LEVELS = (0.5, 0.8, 0.9)


def judged(rows: pd.DataFrame, way: str = DEFAULT) -> pd.DataFrame:
    """Forecast differences with the probability that their sign is right, learnt from other groups of families.

    Parameters
    ----------
    rows : DataFrame
        See `differences.differences`.

    Returns
    -------
    DataFrame
        Rows that the way forecasts, with ``probability``, ``right`` (1 or 0), ``weight`` (those of a group sum to 1),
        and ``in_50``, ``in_80``, ``in_90``: whether the intervals hold.
    """
    told: pd.DataFrame = rows[np.isfinite(rows[way])].copy()
    told["probability"] = np.nan
    for group in sorted(set(told["related"])):
        mine = (told["related"] == group).to_numpy()
        if mine.all():
            break
        odds = odds_of(told, way, group)
        told.loc[mine, "probability"] = odds.right_sign(told.loc[mine, way], told.loc[mine, "scatter"])
        for level in LEVELS:
            forecasts = told.loc[mine, [way, "scatter"]].itertuples(index=False, name=None)
            ends = [odds.interval(gain, scatter, level) for gain, scatter in forecasts]
            low, high = np.array(ends).T
            seen = told.loc[mine, "observed"].to_numpy(float)
            told.loc[mine, f"in_{100 * level:.0f}"] = ((low <= seen) & (seen <= high)).astype(float)
    told["right"] = (np.sign(told[way]) == np.sign(told["observed"])).astype(float)
    told["weight"] = weights_of(told["related"], told["pair"])
    return told


def reliability(told: pd.DataFrame) -> pd.DataFrame:
    """Table of reliability.

    Parameters
    ----------
    told : DataFrame
        See `judged`.

    Returns
    -------
    DataFrame
        Indexed by ``probability`` class, with ``groups``, ``pairs``, ``forecasts``, the mean probability ``said``, and
        the share of signs that came out ``right``; groups weigh the same, as far as they have such forecasts.
    """
    import pandas as pd

    rows = []
    for low, high in pairwise(CLASSES):
        some = told[_between(told["probability"].to_numpy(float), low, high)]
        if not len(some):
            continue
        weight = some["weight"].to_numpy(float)
        rows.append(
            {
                "probability": _called(low, high),
                "groups": some["related"].nunique(),
                "pairs": some["pair"].nunique(),
                "forecasts": len(some),
                "said": float(np.average(some["probability"], weights=weight)),
                "right": float(np.average(some["right"], weights=weight)),
            }
        )
    return pd.DataFrame(rows, columns=["probability", "groups", "pairs", "forecasts", "said", "right"]).set_index(
        "probability"
    )


def came_out(table: pd.DataFrame, probability: float) -> dict[str, Any] | None:
    """How often forecasts with about such a probability came out; None where there was none.

    Parameters
    ----------
    table : DataFrame
        See `reliability`.
    """
    name = next(_called(*ends) for ends in pairwise(CLASSES) if _between(np.array([probability]), *ends).any())
    rows = table[table.index == name].reset_index().to_dict("records")
    return {str(column): value for column, value in rows[0].items()} if rows else None


def tells(told: pd.DataFrame) -> bool:
    """Whether probabilities tell more, by their squared error, than the share of right signs in other groups does.

    Parameters
    ----------
    told : DataFrame
        See `judged`.
    """
    right, weight = told["right"].to_numpy(float), told["weight"].to_numpy(float)
    group = told["related"].to_numpy(object)
    if len(set(group.tolist())) < 2:
        return False
    plain = np.empty(len(told))
    for one in set(group.tolist()):
        plain[group == one] = np.average(right[group != one], weights=weight[group != one])
    said = told["probability"].to_numpy(float)
    return bool(np.average((said - right) ** 2, weights=weight) < np.average((plain - right) ** 2, weights=weight))


def _between(probability: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """Which probabilities are of a class; the last has its upper end too."""
    return (probability >= low) & ((probability < high) | (high == CLASSES[-1]))


def _called(low: float, high: float) -> str:
    return f"{low:.1f} to {high:.1f}" if low else f"below {high:.1f}"


def by_way(rows: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """How well each way forecasts differences, each on the rows that it forecasts.

    Returns
    -------
    DataFrame
        Indexed by ``way``, with ``groups``, ``forecasts``; ``error`` with ``low`` and ``high``, the median absolute
        error of the difference in log loss over groups with an interval at `level`; ``right``, the share of right
        signs; ``said``, the mean probability; ``brier``, the mean squared error of the probability; and ``in_90``.
    """
    import pandas as pd

    found = {}
    for way in WAYS:
        told = judged(rows, way)
        errors = (told[way] - told["observed"]).abs()
        pairs = told.assign(error=errors).groupby(["pair", "related"], as_index=False)["error"].mean()
        typical = over_families(pairs["error"], pairs["related"].to_numpy(object), level=level)
        square = (told["probability"] - told["right"]) ** 2
        means = {
            name: float(np.average(values, weights=told["weight"]))
            for name, values in {
                "right": told["right"],
                "said": told["probability"],
                "brier": square,
                "in_90": told["in_90"],
            }.items()
        }
        found[way] = {
            "groups": typical.groups,
            "forecasts": len(told),
            "error": typical.value,
            "low": typical.low,
            "high": typical.high,
            **means,
        }
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("way")
