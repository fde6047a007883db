"""How many of the five coefficients of the law vary from family to family: principal components, scaled or not.

A component analysis of coefficients that are not standardised finds what is printed in large numbers: log A and log B.
These are losses of a model of one parameter and of one token, far outside the data, and lie along a line with their
exponents by construction; what a family differs in shows in the terms at sizes that exist.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from ..error import Array, Interval
from ..finding import Evidence, Finding, NoAnswer, Question, Shown
from ..results import MAIN_LAW, forecasts, fullest
from ..verdict import Published

NAMES = ("A", "B", "E", "alpha", "beta")
THREE = 3
#: Parameters and tokens at which the terms are taken.
PLACE = (1e9, 2e10)
PUBLISHED = Published(
    "Three of five coefficients vary: three components explain 99.49 % of the variation.",
    "Choshen et al. 2024, arXiv:2410.11840, section 8",
    holds=(0.97, 1.0),
)
DRAWS = 400


COLUMNS = {
    "components": Shown("components", "count"),
    "families": Shown("families", "count"),
    "groups": Shown("groups", "count"),
    "as published": Shown("variance explained, not standardised", "percent"),
    "scaled": Shown("standardised", "percent"),
    "standardised": Shown("standardised, terms at 1B parameters and 20B tokens", "percent"),
    "low": Shown("90 % interval", "percent", to="high"),
}


def find(results: pd.DataFrame) -> Finding:
    """Variance explained by the first components, of coefficients as published and standardised."""
    full = forecasts(fullest(results), law=MAIN_LAW)
    table, related = _coefficients(full)
    groups = sorted(set(related))
    if len(groups) <= THREE:
        raise NoAnswer(f"no family has a forecast beside those of {THREE} other groups")
    shares = {
        "as published": _explained(table, related, groups, scaled=False),
        "scaled": _explained(table, related, groups, scaled=True),
        "standardised": _explained(_at_place(table), related, groups, scaled=True),
    }
    random = np.random.default_rng(0)
    drawn = [[groups[k] for k in random.integers(len(groups), size=len(groups))] for _ in range(DRAWS)]
    told = []
    for k in range(len(NAMES)):
        line: dict[str, float] = {"components": k + 1, "families": len(table), "groups": len(groups)}
        told.append(line | {name: shares[name][k] for name in shares})
    redrawn = np.array(
        [_explained(_at_place(table), related, some, scaled=True) for some in drawn if len(set(some)) > THREE]
    )
    low, high = (float(end) for end in np.quantile(redrawn[:, THREE - 1], [0.05, 0.95]))
    share = float(shares["standardised"][THREE - 1])
    rows = pd.DataFrame(told)
    rows.loc[rows["components"] == THREE, ["low", "high"]] = [low, high]
    evidence = Evidence(
        rows,
        COLUMNS,
    )
    return Finding(
        question="How many coefficients vary between families?",
        claim=evidence.say(
            "{three} components explain {raw} of the variation of coefficients that are not standardised, and"
            " {standardised} once each counts the same and terms are taken where models are (90 % interval {interval},"
            " {families} families).",
            three=(THREE, "components"),
            raw=(THREE, "as published"),
            standardised=(THREE, "standardised"),
            interval=(THREE, "low"),
            families=(THREE, "families"),
        ),
        evidence=evidence,
        interval=Interval(share, float(low), float(high), 0.9, len(table), len(groups)),
        rests_on=tuple(sorted(full["family"])),
        published=PUBLISHED,
        rule=evidence.say(
            "Do not hold coefficients at another family's values to save runs: {three} directions leave part of the"
            " variation out ({standardised} explained).",
            three=(THREE, "components"),
            standardised=(THREE, "standardised"),
        ),
    )


def _coefficients(full: pd.DataFrame) -> tuple[Array, list[str]]:
    """Coefficients of each family, A and B in logarithms, shape (families, 5); and the groups."""
    kept, related = [], []
    for text, group in zip(full["coefficients"], full["related"], strict=True):
        found = json.loads(text) if isinstance(text, str) else {}
        row = [float(found[name]) for name in NAMES if found.get(name) is not None]
        if len(row) == len(NAMES) and row[0] > 0 and row[1] > 0:
            kept.append([*np.log(row[:2]), *row[2:]])
            related.append(str(group))
    return np.array(kept).reshape(-1, len(NAMES)), related


def _at_place(table: Array) -> Array:
    """The same with log A and log B replaced by the logarithms of their terms at `PLACE`."""
    moved = table.copy()
    moved[:, :2] -= table[:, 3:] * np.log(PLACE)
    return moved


def _explained(table: Array, related: list[str], groups: list[str], *, scaled: bool) -> Array:
    """Cumulative share of the variance, every group of families with the same weight."""
    weights = np.array([groups.count(g) / related.count(g) for g in related], float)
    centred = table - np.average(table, axis=0, weights=weights)
    if scaled:
        centred = centred / np.sqrt(np.average(centred**2, axis=0, weights=weights))
    variances = np.linalg.eigvalsh((centred * weights[:, None]).T @ centred)[::-1]
    total: Array = np.cumsum(variances) / variances.sum()
    return total


QUESTION = Question(find)
