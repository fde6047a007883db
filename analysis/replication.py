"""A replication recomputes what a paper published, and says how far the two are apart.

Published numbers carry their place in the paper; tolerances carry their reason. Where a number cannot be reached the
verdict is ``differs``, and the row says why and what gives the published one: neither an exception nor a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scalebook.corpus.database import Corpus
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
