"""Learn from the final checkpoint of each run alone, or from all after the transient.

Choshen et al. (2024), arXiv:2410.11840, section 5, say that checkpoints before the end help. Yet in the middle of its
schedule a run lies above what it would have reached, had the schedule ended there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import end_of, levels, several_checkpoints, sizes_to_learn_from, trained
from ..points import Points
from ..protocol import Protocol, Split


def split(points: Points) -> Iterator[Split]:
    """Every number of sizes, with and without the checkpoints before the end."""
    largest = levels(points) - 1
    if not several_checkpoints(points):
        return
    target = end_of(points, largest)
    for k in sizes_to_learn_from(largest):
        for checkpoints, seen in ((0, points.final), (1, trained(points))):
            yield Split({"sizes": k, "checkpoints": checkpoints}, (points.level < k) & seen, target)


PROTOCOL = Protocol(
    split=split,
    question="Do checkpoints before the end of training help a forecast?",
    settings={
        "sizes": "Number of smallest sizes learnt from.",
        "checkpoints": "Whether checkpoints before the end of a run are learnt from: 0 or 1.",
    },
    needs="three sizes and checkpoints before the end",
)
