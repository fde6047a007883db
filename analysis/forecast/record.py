"""The record of rehearsed forecasts, as tables: by law, and by design."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spread import quantile, weights_of
from .experience import AUTO, CONTINUED, Design, Rehearsals, experience
from .form import Array

LEVEL = 0.9
#: A law that was not determined forecasts what one would without it.
BASELINE = "last_seen"
#: Sizes that are seen at least, where the largest model of a family is left out.
LEAST = 3


def by_law() -> list[dict[str, Any]]:
    """How well each law forecasts the largest model from all smaller ones, the best first.

    Where a law is not determined the last loss seen stands for it, as in the tournament. One median takes all families
    alike, the other is the median of groups' medians. `by_design` weighs forecasts so that groups count alike, which is
    a third number for the same forecasts.
    """
    told = experience().rehearsals
    full = _fullest(told)
    families = full.words["family"].tolist()
    table = []
    for law in sorted(set(told.words["law"].tolist())):
        mine = _matching(told.where((told.words["law"] == law).astype(bool)), full)
        if law != AUTO and len(mine) == 0:
            continue
        errors = dict(zip(families, full.numbers["error"].tolist(), strict=True))
        errors |= dict(zip(mine.words["family"].tolist(), mine.numbers["error"].tolist(), strict=True))
        are = np.abs(np.expm1(-np.array([errors[name] for name in families])))
        groups = full.words["related"]
        medians = [float(np.median(are[groups == group])) for group in sorted(set(groups.tolist()))]
        table.append(
            {
                "law": law,
                "median_ARE_families_alike": float(np.median(are)),
                "median_ARE_of_group_medians": float(np.median(medians)),
                "determined": len(mine) / len(full),
                "families": len(full),
                "groups": len(medians),
            }
        )
    return sorted(
        (row for row in table if row["determined"] > 0.5), key=lambda row: float(row["median_ARE_of_group_medians"])
    )


def by_design() -> list[dict[str, Any]]:
    """How large the error is, and how often intervals learnt from all other groups hold, by what was seen."""
    told = experience().rehearsals
    auto = told.where((told.words["law"] == AUTO).astype(bool))
    held, half = _held(auto)
    table = []
    for name, mask in _designs(auto):
        if not mask.any():
            continue
        rows = auto.where(mask)
        weight = weights_of(rows.words["related"], rows.words["family"])
        are = np.abs(np.expm1(-rows.numbers["error"]))
        table.append(
            {
                "seen": name,
                "forecasts": len(rows),
                "families": rows.families,
                "groups": rows.groups,
                "median_ARE_groups_alike": quantile(are, weight, 0.5),
                "half_width_groups_alike": quantile(half[mask], weight, 0.5),
                "hold_groups_alike": float(np.average(held[mask], weights=weight)),
                "hold_forecasts_alike": float(np.mean(held[mask])),
            }
        )
    return table


def _designs(told: Rehearsals) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Kinds of designs."""
    continued = told.numbers["params_ratio"] <= CONTINUED
    sizes = told.numbers["sizes"]
    yield "one smaller size", ~continued & (sizes == 1)
    yield "two smaller sizes", ~continued & (sizes == 2)
    yield "three smaller sizes or more", ~continued & (sizes >= LEAST)
    yield "all smaller sizes, three or more", _largest(told)
    yield "its own beginning", continued & (sizes == 1)
    yield "its own beginning and smaller sizes", continued & (sizes > 1)
    yield "all designs", np.ones(len(told), bool)


def _largest(told: Rehearsals) -> NDArray[np.bool_]:
    """Forecasts of the largest model from all smaller ones, of families of four sizes or more."""
    able = (told.numbers["params_ratio"] > CONTINUED) & (told.numbers["sizes"] >= LEAST)
    most: dict[str, float] = {}
    for family, sizes in zip(told.words["family"][able], told.numbers["sizes"][able], strict=True):
        most[family] = max(most.get(family, 0.0), float(sizes))
    every = zip(told.words["family"], told.numbers["sizes"], strict=True)
    found: NDArray[np.bool_] = able & np.array([most.get(family) == sizes for family, sizes in every], bool)
    return found


def _held(told: Rehearsals) -> tuple[Array, Array]:
    """Whether each forecast's interval holds, and half its width in log loss."""
    known, half = experience(), np.empty(len(told))
    taught: dict[tuple[str, bool], tuple[Rehearsals, float]] = {}  # by group that has no say
    for k in range(len(told)):
        design = Design(*(float(told.numbers[name][k]) for name in ("sizes", "params_ratio", "tokens_ratio")))
        key = (str(told.words["related"][k]), design.continued)
        if key not in taught:
            others = known.of(AUTO, design, key[:1])
            taught[key] = others, others.reach(LEVEL)
        others, reach = taught[key]
        sd, miss = (float(told.numbers[name][k]) for name in ("sd", "held_out"))
        half[k] = reach * others.expects(sd, miss, design)
    return (np.abs(told.numbers["error"]) <= half).astype(float), half


def _fullest(told: Rehearsals) -> Rehearsals:
    """The baseline's forecast of the largest model from all smaller ones, of each family."""
    mine = told.where((told.words["law"] == BASELINE).astype(bool))
    return mine.where(_largest(mine))


def _matching(mine: Rehearsals, full: Rehearsals) -> Rehearsals:
    """Forecasts of the same designs."""
    wanted = dict(zip(full.words["family"].tolist(), full.numbers["sizes"].tolist(), strict=True))
    sizes = [wanted.get(name, -1.0) for name in mine.words["family"]]
    return mine.where((mine.numbers["sizes"] == np.array(sizes)) & (mine.numbers["params_ratio"] > CONTINUED))
