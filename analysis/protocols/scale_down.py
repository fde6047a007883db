"""Learn from the largest sizes and predict the smallest.

Choshen et al. (2024), arXiv:2410.11840, section 7, ask whether small models are as predictable as large ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..designs import end_of, levels, sizes_to_learn_from, trained
from ..points import Points
from ..protocol import Protocol, Split


def split(points: Points) -> Iterator[Split]:
    """Every number of largest sizes, and all but the smallest."""
    sizes = levels(points)
    for k in sizes_to_learn_from(sizes - 1, least=2):
        yield Split({"sizes": k}, (points.level >= sizes - k) & trained(points), end_of(points, 0))


PROTOCOL = Protocol(
    split=split,
    question="Do large models predict the smallest as well as small ones predict the largest?",
    settings={"sizes": "Number of largest sizes learnt from."},
)
