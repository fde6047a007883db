"""Learn at ordinary ratios of tokens to parameters, and predict over-trained models.

Gadre et al. (2024), arXiv:2403.08540, predict a model trained on 32 times as many tokens as is optimal; Sardana et al.
(2024), arXiv:2401.00448, find that ordinary ratios promise too much.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..designs import levels, trained
from ..points import Points
from ..protocol import Protocol, Split

BOUNDS = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
#: What is predicted lies as far beyond the bound, at least.
BEYOND = 2.0


def split(points: Points) -> Iterator[Split]:
    """Every bound with three sizes below it; what is predicted are the ends of the runs that go on far beyond it."""
    ratio, seen = points["tokens"] / points["params"], trained(points)
    for bound in BOUNDS:
        learnt = seen & (ratio <= bound)
        target = points.final & (ratio >= BEYOND * bound)
        if target.any() and len(np.unique(points.level[learnt])) >= min(3, levels(points)):
            yield Split({"ratio": bound}, learnt, target)


PROTOCOL = Protocol(
    split=split,
    question="Do laws learnt at ordinary ratios of tokens to parameters hold for over-trained models?",
    settings={
        "ratio": "Most tokens per parameter that are learnt from; predicted are runs with twice as many or more."
    },
    needs="three sizes and runs with many tokens per parameter",
)
