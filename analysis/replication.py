"""A replication recomputes what a paper published, and says how far the two are apart.

Published numbers carry their place in the paper; tolerances carry their reason. Where a number cannot be reached the
verdict is ``differs``, and the row says why and what gives the published one: neither an exception nor a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse
from scalebook.corpus.names import Registry

Verdict = Literal["reached", "differs"]


@dataclass(frozen=True)
class Row:
    """One published number beside ours.

    Parameters
    ----------
    test : str
        What is compared.
    published, ours : float
        The numbers, in one unit. NaN for ours where the computation gives none.
    tolerance : float
        How far they may lie apart, in that unit.
    place : str
        Where in the paper, or in whose check of it, the published number stands.
    why : str
        Why the tolerance is what it is.
    reason : str
        Why ours differs and what gives the published number, where that is known.
    corrected : float, optional
        What the paper's question gives when a defect of its computation is corrected.
    unit : str
        Unit of the numbers; "1" for shares, exponents and counts.
    detail : bool
        One of many cells that another row summarises.
    """

    test: str
    published: float
    ours: float
    tolerance: float
    place: str
    why: str
    reason: str = ""
    corrected: float | None = None
    unit: str = "1"
    detail: bool = False

    @property
    def difference(self) -> float:
        """Ours minus published."""
        return self.ours - self.published

    @property
    def verdict(self) -> Verdict:
        """Whether ours lies within the tolerance; what is not a number does not."""
        return "reached" if abs(self.difference) <= self.tolerance * (1 + 1e-9) else "differs"

    @property
    def accounted(self) -> bool:
        """Reached, or different for a recorded reason."""
        return self.verdict == "reached" or bool(self.reason)

    def as_dict(self, paper: str) -> dict[str, Any]:
        """The keys of ``scalebook replicate --json``."""
        return {
            "paper": paper,
            "test": self.test,
            "published": self.published,
            "ours": self.ours,
            "difference": self.difference,
            "tolerance": self.tolerance,
            "verdict": self.verdict,
            "reason": self.reason if self.verdict == "differs" else "",
            "unit": self.unit,
            "place": self.place,
            "tolerance_reason": self.why,
            "corrected": self.corrected,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Replication:
    """One paper.

    Parameters
    ----------
    replicate : callable
        The corpus to rows.
    question : str
        What is recomputed, as a question.
    paper : str
        Authors, year, title, arXiv number.
    needs : tuple of str
        Sources of the corpus that it rests on.
    seconds : float
        Roughly how long it takes on one core: the slow ones are left out where that matters.
    """

    replicate: Callable[[Corpus], Sequence[Row]]
    question: str
    paper: str
    needs: tuple[str, ...]
    seconds: float = 1.0

    @property
    def name(self) -> str:
        """Name of the file that defines it."""
        return self.replicate.__module__.rsplit(".", 1)[-1].replace("_", "-")


replications: Registry[Replication] = Registry(
    "scalebook.analysis.replications", "REPLICATION", Replication, separator="-"
)


def share_within(
    test: str, cells: Sequence[Row], least: float, *, place: str, why: str, reason: str = "", unit: str = "cells"
) -> Row:
    """How many cells of a table are reached, beside how many there are.

    Parameters
    ----------
    cells : sequence of Row
        All cells that are compared: none is left out.
    least : float
        Share of them that must be reached.
    """
    reached = sum(cell.verdict == "reached" for cell in cells)
    allowed = math.floor((1 - least) * len(cells) + 1e-9)
    return Row(test, len(cells), reached, allowed, place, why, reason, unit=unit)


def replicated(corpus: Corpus, name: str) -> list[Row]:
    """Rows of one paper.

    Raises
    ------
    UnknownName
        If there is no such replication.
    Misuse
        If the corpus lacks a source that it rests on.
    """
    chosen = replications[name]
    if lacking := missing(corpus, chosen):
        raise Misuse(f"{chosen.name} rests on {', '.join(lacking)}, which this corpus does not hold")
    return list(chosen.replicate(corpus))


def replicated_at_once(names: Sequence[str], jobs: int) -> dict[str, list[Row]]:
    """Rows of several papers from the corpus that ships, in processes of their own; the slowest is begun first.

    Raises
    ------
    UnknownName, Misuse
        As `replicated`.
    """
    from joblib import Parallel, delayed

    order = sorted(names, key=lambda name: -replications[name].seconds)
    done = Parallel(n_jobs=min(jobs, len(order)), batch_size=1)(delayed(_alone)(name) for name in order)
    found = dict(zip(order, done, strict=True))
    return {name: found[name] for name in names}


def _alone(name: str) -> list[Row]:
    with open_corpus(own_runs=False) as corpus:
        return replicated(corpus, name)


def missing(corpus: Corpus, replication: Replication) -> list[str]:
    """Sources that a replication rests on and a corpus does not hold."""
    held = {source for (source,) in corpus.rows("select source from sources")}
    return sorted(set(replication.needs) - held)


def summary(rows: Sequence[Row]) -> list[Row]:
    """The rows to read: without the cells that others summarise."""
    return [row for row in rows if not row.detail]
