"""Learn from the k smallest sizes, each trained so far; predict the end of training of the largest.

The reference (Choshen et al. 2024, arXiv:2410.11840, section 4) takes the fraction of the longest run in the set and
strictly less than it, so that a final checkpoint is never used. Here it is the fraction of each run's own length, the
end included. The first tenth of a run is warm-up and transient and is left out; what is predicted is the last 30 %
of training, as there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import END, MOST, TRANSIENT, end_of, levels, sizes_to_learn_from, trained
from ..points import Points
from ..protocol import Protocol, Split

__all__ = ["END", "MOST", "PROTOCOL", "TRANSIENT", "split"]

FRACTIONS = (0.2, 0.4, 0.6, 0.8, 1.0)


def split(points: Points) -> Iterator[Split]:
    """Every number of sizes from two to ten, and all but the largest, at every fraction of training."""
    largest = levels(points) - 1
    target = end_of(points, largest)
    for k in sizes_to_learn_from(largest, least=2):
        for fraction in FRACTIONS:
            seen = (points.level < k) & trained(points, fraction)
            yield Split({"sizes": k, "fraction": fraction}, seen, target)


PROTOCOL = Protocol(
    split=split,
    question="How many sizes, and how much of their training, does a forecast of the largest need?",
    settings={
        "sizes": "Number of smallest sizes learnt from.",
        "fraction": "Share of each run's own training that is seen.",
    },
)
