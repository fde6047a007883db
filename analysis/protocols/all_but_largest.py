"""Learn from all sizes but the largest, and from the three smallest, to the end of training: for many laws at once.

Two designs of `sizes_and_fraction`, the fullest and a small one, are enough to compare forms and objectives with each
other, and a tenth of the work.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import end_of, levels, trained
from ..points import Points
from ..protocol import Protocol, Split

FEWEST = 3


def split(points: Points) -> Iterator[Split]:
    """The fullest design and that with three sizes, where they differ."""
    largest = levels(points) - 1
    target, seen = end_of(points, largest), trained(points)
    for k in sorted(k for k in {min(FEWEST, largest), largest} if k > 1):
        yield Split({"sizes": k}, (points.level < k) & seen, target)


PROTOCOL = Protocol(
    split=split,
    question="Which law, fitted with which objective, forecasts the largest best?",
    settings={"sizes": "Number of smallest sizes learnt from."},
)
