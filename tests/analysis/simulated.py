"""Tables that a law made, for any law."""

from __future__ import annotations

import numpy as np

from scalebook.analysis.engine.coordinates import Coordinates
from scalebook.analysis.law import Array, Law

RANGES = {
    "params": (2e7, 2e10),
    "tokens": (1e9, 1e12),
    "unique_tokens": (1e9, 1e11),
    "flops": (1e18, 1e23),
    "loss": (1.5, 4.0),
    "experts": (1.0, 512.0),
    "granularity": (1.0, 64.0),
}


def inputs(law: Law, n: int, seed: int) -> dict[str, Array]:
    """Inputs of a law, spread evenly in logarithm over usual ranges."""
    rng = np.random.default_rng(seed)
    return {
        name: np.exp(rng.uniform(np.log(low), np.log(high), n))
        for name, (low, high) in ((name, RANGES[name]) for name in law.inputs)
    }


def coefficients(law: Law, columns: dict[str, Array], seed: int) -> dict[str, float]:
    """Coefficients in the units of `columns`: what is not linear is drawn from the middle of where starts are drawn."""
    rng = np.random.default_rng(seed)
    coordinates = Coordinates(law)
    x = np.empty((1, len(coordinates.free)))
    for k, name in enumerate(coordinates.free):
        c = law.coefficients[name]
        low, high = c.start or ((0.4, 1.6) if c.high > 0 else (-0.1, -0.02))
        low, high = (np.log(low), np.log(high)) if c.log else (low, high)
        x[0, k] = low + (high - low) * rng.uniform(0.25, 0.6)
    values, _ = coordinates.natural(x, shift(law, columns))
    return dict(zip(law.coefficients, values[0].tolist(), strict=True))


def shift(law: Law, columns: dict[str, Array]) -> Array:
    """Mean logarithms of the inputs that a fit of this law would centre, shape (1, inputs)."""
    coordinates = Coordinates(law)
    means = [np.log(columns[law.same_unit.get(name, name)]).mean() for name in law.inputs]
    return np.where(coordinates.centred, means, 0.0).reshape(1, -1)


def table(law: Law, n: int = 60, seed: int = 1, noise: float = 0.0) -> tuple[dict[str, Array], dict[str, float]]:
    """A table that the law made, and the coefficients that it was made with."""
    columns = inputs(law, n, seed)
    truth = coefficients(law, columns, seed)
    exact = np.broadcast_to(law.predict(*columns.values(), **truth), n)
    columns[law.target] = exact * np.exp(noise * np.random.default_rng(seed + 1).normal(size=n))
    return columns, truth
