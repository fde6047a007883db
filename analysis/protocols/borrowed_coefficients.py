"""Predict the largest from one run of its family, and from how loss falls with size in another family.

Choshen et al. (2024), arXiv:2410.11840, section 8: a law with A and alpha of another family, fitted to one run. Every
unrelated family lends in turn, so that its architecture can be compared with the borrower's; no family lends to its
relatives.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..designs import end_of, levels, trained
from ..points import Points
from ..protocol import Protocol, Split

LEAST = 4


def split(points: Points) -> Iterator[Split]:
    """The longest run of the smallest, the middle and the largest size below the target."""
    largest = levels(points) - 1
    target, seen = end_of(points, largest), trained(points)
    for level in sorted({0, largest // 2, largest - 1} if largest > 0 else ()):
        mine = seen & (points.level == level)
        if not mine.any():
            continue
        longest = min(points["run"][mine & (points.run_tokens == points.run_tokens[mine].max())].tolist())
        learnt = mine & (points["run"] == longest)
        if learnt.sum() >= LEAST and len(np.unique(points["tokens"][learnt])) >= LEAST:
            yield Split({"size": level + 1, "lender": 0}, learnt, target, "lent")


PROTOCOL = Protocol(
    split=split,
    question="Can one run do, if another family lends how loss falls with size?",
    settings={
        "size": "Size of the one run, the smallest being 1.",
        "lender": "Which family lends, in alphabetical order of those that may; its name is in the column lent_by.",
    },
    needs="two sizes and a run with four checkpoints",
    scaled_only=False,
    borrows=True,
)
