"""Learn from a window of consecutive sizes: many small ones, or few large ones.

Choshen et al. (2024), arXiv:2410.11840, section 6, take windows of three or four sizes, and every window for the
question of number against size. With two sizes the law of both is not determined, which its rows say.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import MOST, end_of, levels, spread, trained
from ..points import Points
from ..protocol import Protocol, Split


def split(points: Points) -> Iterator[Split]:
    """Every window of two sizes or more below the largest; of more than ten sizes, ten evenly spread ends."""
    largest = levels(points) - 1
    if largest < 2:
        return
    ends = spread(range(largest + 1), MOST + 1)
    target, seen = end_of(points, largest), trained(points)
    for first in ends:
        for last in ends:
            if last - first >= 2:
                window = (points.level >= first) & (points.level < last)
                yield Split({"first": first + 1, "sizes": last - first}, window & seen, target)


PROTOCOL = Protocol(
    split=split,
    question="Do more sizes, or larger ones, make a better forecast?",
    settings={
        "first": "Smallest size that is learnt from, the family's smallest being 1.",
        "sizes": "Number of consecutive sizes learnt from.",
    },
)
