"""Compute conventions: what N and C count, and whether a table mixes ways of counting.

The same training has another N with and without embeddings, and another C by 6 N D and by a count of its operations.
Counting the last layer moves the exponent of the optimal size from .835 to .706 on one set of runs [1]_. A law fitted
to a mixture describes neither.

References
----------
.. [1] Porian et al. (2024), Resolving Discrepancies in Compute-Optimal Scaling, arXiv:2406.19146, figure 1.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scalebook.corpus.errors import Misuse

from .points import Points

UNKNOWN = "not stated"
_COUNTED = {"params_basis": "the size of its models", "flops_basis": "training compute"}


def counted(points: Points, column: str) -> dict[str, int]:
    """How many points count in which way, most frequent first.

    Parameters
    ----------
    column : {"params_basis", "flops_basis"}
        Basis of N or of C; points without such a column have one basis, which is not stated.
    """
    if column not in points.columns:
        return {UNKNOWN: len(points)} if len(points) else {}
    words, counts = np.unique(points[column].astype(str), return_counts=True)
    pairs = sorted(zip(words.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return {word or UNKNOWN: count for word, count in pairs}


def named(points: Points, column: str) -> str | None:
    """The basis in one word; None where it is not stated, and for a mixture every basis with its number of points."""
    known = counted(points, column)
    if len(known) > 1:
        return ", ".join(f"{word} ({count})" for word, count in known.items())
    return next((word for word in known if word != UNKNOWN), None)


def mixture(points: Points, inputs: Iterable[str]) -> str:
    """A sentence on the bases that are mixed, with their numbers of points; empty if none are.

    Parameters
    ----------
    inputs : iterable of str
        Columns that are used: a mixture of ways to count FLOPs matters only where FLOPs are.
    """
    told = []
    for column, what in _COUNTED.items():
        known = counted(points, column)
        if len(known) > 1 and (column == "params_basis" or "flops" in inputs):
            ways = ", ".join(f"{word} ({count} points)" for word, count in known.items())
            told.append(f"{what} is counted in {len(known)} ways: {ways}")
    return f"{points.family}: {'; '.join(told)}" if told else ""


def refuse_mixture(
    points: Points, inputs: Iterable[str], *, allowed: bool = False, remedy: str = ", or say --allow-mixed"
) -> None:
    """Refuse points whose sizes, or whose FLOPs where they are used, are counted in several ways.

    Parameters
    ----------
    remedy : str
        What else can be done; empty where nothing can.

    Raises
    ------
    Misuse
        Unless it is allowed.
    """
    if not allowed and (said := mixture(points, inputs)):
        raise Misuse(f"{said}; a law of a mixture describes neither: choose one basis{remedy}")


def taken_together(points: Points, inputs: Iterable[str]) -> tuple[str, ...]:
    """A warning on a mixture that was allowed."""
    said = mixture(points, inputs)
    return (f"{said}; they were taken together, as was asked for",) if said else ()
