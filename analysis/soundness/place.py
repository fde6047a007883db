"""Made-up places: inputs over usual ranges, coefficients from where starts are drawn, and a law there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.coordinates import Coordinates
from ..engine.jet import Jet
from ..law import Array, Coefficient, Law

RANGES = {
    "params": (2e7, 2e10),
    "tokens": (1e9, 1e12),
    "unique_tokens": (1e9, 1e11),
    "flops": (1e18, 1e23),
    "loss": (1.5, 4.0),
    "experts": (1.0, 512.0),
    "granularity": (1.0, 64.0),
    "step": (1e2, 1e6),
    "warmup_tokens": (1e7, 1e10),
    "learning_rate": (1e-4, 1e-2),
    "peak_learning_rate": (1e-4, 1e-2),
    "layers": (4.0, 100.0),
    "width": (128.0, 16384.0),
}
"""Usual ranges of inputs; one that is not among them is tried about 1."""
COUNTED = ("loss", "experts", "granularity", "layers")
"""Inputs that have one unit and lie near 1: no coefficient need carry it."""
POINTS = 16


def inputs(law: Law, n: int, seed: int) -> dict[str, Array]:
    """Inputs of a law, spread evenly in logarithm over usual ranges."""
    return drawn(law.inputs, n, seed)


def drawn(names: Iterable[str], n: int, seed: int) -> dict[str, Array]:
    """Columns of these names."""
    rng = np.random.default_rng(seed)
    ranges = {name: RANGES.get(name, (0.5, 2.0)) for name in names}
    return {name: np.exp(rng.uniform(np.log(low), np.log(high), n)) for name, (low, high) in ranges.items()}


def coefficients(law: Law, columns: dict[str, Array], seed: int) -> dict[str, float]:
    """Coefficients in the units of `columns`: what is not linear is drawn from the middle of where starts are drawn."""
    rng = np.random.default_rng(seed)
    coordinates = Coordinates(law)
    x = np.empty((1, len(coordinates.free)))
    for k, name in enumerate(coordinates.free):
        c = law.coefficients[name]
        low, high = c.start or _usual(c)
        low, high = (np.log(low), np.log(high)) if c.log else (low, high)
        x[0, k] = low + (high - low) * rng.uniform(0.25, 0.6)
    values, _ = coordinates.natural(x, shift(law, columns))
    return dict(zip(law.coefficients, values[0].tolist(), strict=True))


def _usual(c: Coefficient) -> tuple[float, float]:
    """Range of a linear coefficient: about 1, or a little below 0, if its bounds allow that."""
    low, high = (0.4, 1.6) if c.high > 0 else (-0.1, -0.02)
    if c.low <= low and high <= c.high:
        return low, high
    low = c.low if math.isfinite(c.low) else c.high - 1
    return low, min(c.high, low + 1)


def shift(law: Law, columns: dict[str, Array]) -> Array:
    """Mean logarithms of the inputs that a fit of this law would centre, shape (1, inputs)."""
    coordinates = Coordinates(law)
    means = [np.log(columns[law.same_unit.get(name, name)]).mean() for name in law.inputs]
    return np.where(coordinates.centred, means, 0.0).reshape(1, -1)


@dataclass(frozen=True)
class Place:
    """A law at some inputs and coefficients."""

    law: Law
    columns: dict[str, Array]
    at: dict[str, float]

    @classmethod
    def of(cls, law: Law, seed: int, *, centred: bool = False) -> Place:
        """Drawn by a seed; `centred` inputs lie about 1, where no term is lost beside another."""
        columns = inputs(law, POINTS, seed)
        if centred:
            owners = {n: law.same_unit.get(n, n) for n in law.inputs}
            means = {n: np.exp(np.log(columns[o]).mean()) if o not in COUNTED else 1.0 for n, o in owners.items()}
            columns = {name: column / means[name] for name, column in columns.items()}
        return cls(law, columns, coefficients(law, columns, seed))

    def value(self, columns: dict[str, Array] | None = None, /, **changed: Any) -> Any:
        """Prediction with some coefficients changed, shape (points,)."""
        return np.broadcast_to(self.law.predict(*(columns or self.columns).values(), **self.at | changed), POINTS)

    @cached_property
    def jet(self) -> Any:
        """Prediction with its derivatives in the coefficients."""
        return self.jet_at(2)

    def jet_at(self, order: int, **changed: float) -> Any:
        """The same with some coefficients changed, and derivatives up to an order."""
        jets = {key: Jet.variable(value, k, order) for k, (key, value) in enumerate((self.at | changed).items())}
        return self.law.predict(*(Jet.constant(c, np.log(c), order) for c in self.columns.values()), **jets)

    def told(self) -> str:
        """Its coefficients in words."""
        return ", ".join(f"{name}={value:.4g}" for name, value in self.at.items())
