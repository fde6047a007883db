"""Train the target itself for a while, and learn from its first checkpoints besides the smaller sizes.

Choshen et al. (2024), arXiv:2410.11840, section 5, find 30 % of the target's training enough.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import END, TRANSIENT, end_of, levels, mid_run, spread, trained
from ..points import Points
from ..protocol import Protocol, Split

FRACTIONS = (0.0, 0.2, 0.3, 0.5, END - 0.01)
NUMBERS = 4


def split(points: Points) -> Iterator[Split]:
    """Up to four numbers of smaller sizes to their end, and the target up to each share of its training."""
    largest = levels(points) - 1
    early = (points.level == largest) & mid_run(points) & (points.progress < END)
    if largest < 2 or not early.any():
        return
    target, seen = end_of(points, largest), trained(points)
    for k in spread(range(1, largest + 1), NUMBERS):
        for fraction in FRACTIONS if k > 1 else FRACTIONS[1:]:
            own = early & (points.progress <= fraction) & (fraction > TRANSIENT)
            yield Split({"sizes": k, "fraction": fraction}, ((points.level < k) & seen) | own, target)


PROTOCOL = Protocol(
    split=split,
    question="What does training the target for a while add to the smaller sizes?",
    settings={
        "sizes": "Number of smallest sizes learnt from.",
        "fraction": "Share of the target's own training that is seen too.",
    },
    needs="three sizes and early checkpoints of the largest",
)
