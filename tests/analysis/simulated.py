"""Tables that a law made, for any law."""

from __future__ import annotations

import numpy as np

from scalebook.analysis.law import Array, Law
from scalebook.analysis.soundness.place import coefficients, inputs, shift

__all__ = ["coefficients", "inputs", "shift", "table"]


def table(law: Law, n: int = 60, seed: int = 1, noise: float = 0.0) -> tuple[dict[str, Array], dict[str, float]]:
    """A table that the law made, and the coefficients that it was made with."""
    columns = inputs(law, n, seed)
    truth = coefficients(law, columns, seed)
    exact = np.broadcast_to(law.predict(*columns.values(), **truth), n)
    columns[law.target] = exact * np.exp(noise * np.random.default_rng(seed + 1).normal(size=n))
    return columns, truth
