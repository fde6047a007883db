"""Learn from all sizes but the largest, and from the three smallest, to the end of training: for many laws at once.

Two designs of `sizes_and_fraction`, the fullest and a small one, are enough to compare forms and objectives with each
other, and a tenth of the work.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..points import Points
from ..protocol import Protocol, Split
from .sizes_and_fraction import END, TRANSIENT

FEWEST = 3


def split(points: Points) -> Iterator[Split]:
    """The fullest design and that with three sizes, where they differ."""
    progress = points["tokens"] / points.run_tokens
    largest = int(points.level.max())
    target = (points.level == largest) & (progress >= END)
    for k in sorted({min(FEWEST, largest), largest} - {0, 1}):
        yield Split({"sizes": k}, (points.level < k) & (progress >= TRANSIENT), target)


PROTOCOL = Protocol(
    split=split,
    question="Which law, fitted with which objective, forecasts the largest best?",
    settings={"sizes": "Number of smallest sizes learnt from."},
)
