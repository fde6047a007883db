"""How far learning rates have come down, from what files say in several ways."""

from __future__ import annotations

import numpy as np
import pytest

from scalebook.analysis.annealing import rate_share
from scalebook.analysis.points import Points

TOKENS = np.array([1.0, 2.0, 3.0, 5.0])


def share(**said: object) -> list[float]:
    held = {name: np.asarray(value, object if name == "schedule" else float) for name, value in said.items()}
    run = np.full(len(TOKENS), "a", object)
    return [float(one) for one in rate_share(Points("mine", {"run": run, "tokens": TOKENS, "loss": TOKENS} | held))]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, [np.nan] * 4),
        ({"learning_rate": [4, 3, 2, 1]}, [1, 0.75, 0.5, 0.25]),
        ({"learning_rate": [4, 3, 2, 1], "peak_learning_rate": [8] * 4}, [0.5, 0.375, 0.25, 0.125]),
        ({"learning_rate": [4, 3, 2, 1], "schedule": ["constant"] * 4}, [1, 0.75, 0.5, 0.25]),
        ({"learning_rate": [4] * 4}, [1] * 4),
        ({"learning_rate": [np.nan, np.nan, np.nan, 4]}, [np.nan] * 4),
        ({"learning_rate": [0] * 4}, [np.nan] * 4),
        ({"learning_rate": [4] * 4, "schedule": ["cosine"] * 4}, [1, 1, np.nan, 0]),
        ({"schedule": ["cosine-with-warmup"] * 4}, [1, 1, np.nan, 0]),
        ({"schedule": ["constant"] * 4}, [1] * 4),
        ({"schedule": ["of my own"] * 4}, [np.nan] * 4),
    ],
)
def test_what_is_said_is_taken(said: dict[str, object], told: list[float]) -> None:
    np.testing.assert_array_equal(share(**said), told)
