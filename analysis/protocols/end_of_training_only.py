"""Learn from the end of training of each run only, or from nearly all of it.

Choshen et al. (2024), arXiv:2410.11840, section 5.1, find the last 30 % alone worse "across the board"; recomputed, one
final checkpoint beats all of them for GPT-3 and Pythia.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import END, TRANSIENT, end_of, levels, several_checkpoints, sizes_to_learn_from, spread, trained
from ..points import Points
from ..protocol import Protocol, Split

STARTS = (TRANSIENT, 0.3, 0.5, END, 0.9)
NUMBERS = 4


def split(points: Points) -> Iterator[Split]:
    """Up to four numbers of sizes, each run seen from several shares of its training to its end."""
    largest = levels(points) - 1
    if not several_checkpoints(points):
        return
    target = end_of(points, largest)
    for k in spread(sizes_to_learn_from(largest), NUMBERS):
        for since in STARTS:
            yield Split({"sizes": k, "since": since}, (points.level < k) & trained(points, since=since), target)


PROTOCOL = Protocol(
    split=split,
    question="Is the end of training alone better than all of it?",
    settings={
        "sizes": "Number of smallest sizes learnt from.",
        "since": "Share of each run's own training from which on it is seen, to its end.",
    },
    needs="three sizes and checkpoints before the end",
)
