"""Leave out the beginning of training: so many tokens, such a share of each run, or the warm-up.

Choshen et al. (2024), arXiv:2410.11840, section 4, leave out the first 10 B tokens of every run.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..designs import end_of, levels, several_checkpoints
from ..points import Points
from ..protocol import Protocol, Split

TOKENS = (1e8, 1e9, 3e9, 1e10)
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)


def split(points: Points) -> Iterator[Split]:
    """All sizes below the largest to their end, from each of several beginnings."""
    largest = levels(points) - 1
    if largest < 2 or not several_checkpoints(points):
        return
    target, below = end_of(points, largest), points.level < largest
    for tokens in TOKENS:
        yield Split({"tokens": tokens, "share": 0, "warmup": 0}, below & (points["tokens"] >= tokens), target)
    for share in SHARES:
        yield Split({"tokens": 0, "share": share, "warmup": 0}, below & (points.progress >= share), target)
    warmup = points.columns.get("warmup_tokens", np.full(len(points), np.nan))
    if np.isfinite(warmup[below]).all():
        yield Split({"tokens": 0, "share": 0, "warmup": 1}, below & (points["tokens"] > warmup), target)


PROTOCOL = Protocol(
    split=split,
    question="How much of the beginning of training should be left out?",
    settings={
        "tokens": "Points with fewer tokens are left out.",
        "share": "Points before this share of their run's own training are left out.",
        "warmup": "Whether what is left out is the warm-up of the learning rate: 0 or 1.",
    },
    needs="three sizes and checkpoints before the end",
)
