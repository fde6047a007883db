"""(Mis)Fitting (2025): how far objective, count of N and data range move the exponent of the optimal size."""

from __future__ import annotations

from collections.abc import Iterator

from scalebook.corpus.database import Corpus

from ..fit import Objective, fit
from ..law import laws
from ..optimal.accounting import Count, counted_points
from ..optimal.closed_form import closed_form
from ..points import Points
from ..replication import Replication, Row

#: Two recipes of one source, each under every count of N that it has.
FAMILIES: dict[str, tuple[Count, ...]] = {
    "porian-rw-base-long-kaplan": ("kaplan", "standard", "attention"),
    "porian-rw-tuned-short-const": ("standard", "attention"),
}
OBJECTIVES: tuple[Objective, ...] = ("huber-log", "lsq-log", "lsq", "lad-log")
#: Least tokens per parameter of the points that are taken.
RANGES = (2.0, 10.0)
#: Ends of the exponents of their own sweep.
PUBLISHED = {"least": 0.42, "greatest": 0.93}
SWEEP = (
    "their sweep of runs is not in the corpus; the same choices on two recipes of Porian et al. (2024) move the"
    " exponent between other ends: the width of the range, not its ends, is what comes back"
)


def exponents(corpus: Corpus) -> list[float]:
    """Exponents of N*(C) by recipe, count, least tokens per parameter and objective, where the law is identified."""
    every = [counted_points(corpus, family, count) for family, counts in FAMILIES.items() for count in counts]
    tables = [points.where(points["tokens"] >= least * points["params"]) for points in every for least in RANGES]
    found = (_exponent(table, objective) for table in tables for objective in OBJECTIVES)
    return [a for a in found if a is not None]


def _exponent(points: Points, objective: Objective) -> float | None:
    result = fit(laws["chinchilla"], points.columns, objective=objective)
    if result.status != "converged":
        return None
    return closed_form(result.values)[0].slope


def replicate(corpus: Corpus) -> list[Row]:
    """Ends and width of the range."""
    return list(_rows(exponents(corpus)))


def _rows(found: list[float]) -> Iterator[Row]:
    place = "section 5: its own sweep"
    ends = {"least": min(found), "greatest": max(found)}
    for name, ours in ends.items():
        yield Row(
            f"{name} exponent of the optimal size", PUBLISHED[name], ours, 0.05, place, "another set of runs", SWEEP
        )
    spread = PUBLISHED["greatest"] - PUBLISHED["least"]
    yield Row(
        "range of the exponent",
        spread,
        ends["greatest"] - ends["least"],
        0.2,
        place,
        "the order of magnitude: other runs",
        SWEEP,
    )


REPLICATION = Replication(
    replicate,
    question="How far do choices of the fit move the exponent of the optimal size?",
    paper="Li, Kudugunta, Zettlemoyer (2025), (Mis)Fitting, arXiv:2502.18969",
    needs=("porian",),
)
