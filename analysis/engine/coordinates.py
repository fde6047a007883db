"""Coordinates: the free coefficients as the solver sees them, and as the paper writes them.

The solver works on inputs divided by their geometric mean, where powers and levels hardly correlate, and in the
logarithm of positive scales. What a coefficient becomes in the units of the data follows from its `dims`.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from types import CodeType
from typing import Any

import numpy as np

from ..law import Array, Law
from .jet import Jet

LEAST = 1e-9
"""Smallest level of a coefficient that the engine takes to a power: a bound that a fit reports as any other."""


@lru_cache(maxsize=256)
def _compiled(power: str) -> CodeType:
    return compile(power, "<power>", "eval")


class Coordinates:
    """The free coefficients of a law as a vector x of length p.

    Parameters
    ----------
    law : Law
        The law, with its constraints.

    Attributes
    ----------
    low, high : array, shape (p,)
        Bounds of x.
    linear : array of bool, shape (p,)
        Which of x the prediction is affine in.
    """

    def __init__(self, law: Law) -> None:
        self.law = law
        self.free = law.free
        chosen = [law.coefficients[name] for name in self.free]
        self.log = np.array([c.log for c in chosen], dtype=bool)
        self.linear = np.array([c.linear for c in chosen], dtype=bool)
        with np.errstate(divide="ignore"):  # the logarithm of a lower bound of zero is minus infinity, as it should be
            lows = [LEAST if c.power else c.low for c in chosen]
            self.low = np.array([np.log(low) if c.log else low for c, low in zip(chosen, lows, strict=True)])
            self.high = np.array([np.log(c.high) if c.log else c.high for c in chosen], dtype=float)

    @cached_property
    def centred(self) -> tuple[bool, ...]:
        """Which inputs are divided by their geometric mean: those whose unit some coefficient knows how to carry."""
        carried = {name for c in self.law.coefficients.values() for name in c.dims}
        return tuple(self.law.same_unit.get(name, name) in carried for name in self.law.inputs)

    def shift_of(self, name: str) -> int:
        """Column of `shift` that an input (or the one whose unit it shares) has."""
        return self.law.inputs.index(self.law.same_unit.get(name, name))

    def jets(self, x: Array, shift: Array, order: int) -> dict[str, Jet]:
        """All coefficients in centred units, with derivatives in x.

        Parameters
        ----------
        x : array, shape (rows, p)
            Coordinates.
        shift : array, shape (rows or 1, inputs)
            Logarithm of the geometric means that the inputs were divided by.
        order : int
            Highest derivative wanted, 1 or 2.
        """
        jets = {}
        for k, name in enumerate(self.free):
            jet = Jet.variable(x[:, k, None], k, order)
            jets[name] = jet.exp() if self.log[k] else jet
        held = self.law.constraints
        for name, value in held.items():
            if not isinstance(value, str):
                jets[name] = Jet.constant(np.full((len(x), 1), float(value)), order=order)
        jets.update({name: jets[value] for name, value in held.items() if isinstance(value, str)})
        for name in self.free:
            if power := self.law.coefficients[name].power:
                jets[name] = (jets[name].log() / jets[power]).exp()
        for name in [name for name in held if self.law.coefficients[name].dims]:
            carried = self._carried(name, jets, shift, order)
            assert carried is not None
            jets[name] = jets[name] * (-carried).exp()
        return jets

    def natural(self, x: Array, shift: Array) -> tuple[Array, Array]:
        """Coefficients in the units of the data, and their derivatives in x.

        Returns
        -------
        values : array, shape (rows, coefficients)
            In the order of the law.
        jacobian : array, shape (rows, coefficients, p)
            Derivative of each in each coordinate.
        """
        jets = self.jets(x, shift, 1)
        values = np.empty((len(x), len(self.law.coefficients)))
        jacobian = np.zeros((*values.shape, len(self.free)))
        for row, name in enumerate(self.law.coefficients):
            carried = self._carried(name, jets, shift)
            jet = jets[name] if carried is None else jets[name] * carried.exp()
            if isinstance(held := self.law.constraints.get(name), float | int):
                jet = Jet.constant(np.full((len(x), 1), float(held)), order=1)
            values[:, row] = np.broadcast_to(jet.value, (len(x), 1))[:, 0]
            for k, d in jet.first.items():
                jacobian[:, row, k] = np.broadcast_to(d, (len(x), 1))[:, 0]
        return values, jacobian

    def from_natural(self, values: Array, shift: Array) -> Array:
        """Coordinates of coefficients given in the units of the data, shape (rows, coefficients)."""
        names = list(self.law.coefficients)
        known = {name: Jet.constant(values[:, k, None], order=1) for k, name in enumerate(names)}
        x = np.empty((len(values), len(self.free)))
        for k, name in enumerate(self.free):
            carried = self._carried(name, known, shift)
            centred = known[name].value * (1.0 if carried is None else np.exp(-carried.value))
            if power := self.law.coefficients[name].power:
                centred = centred ** known[power].value
            x[:, k] = (np.log(centred) if self.log[k] else centred)[:, 0]
        return x

    def _carried(self, name: str, jets: dict[str, Jet], shift: Array, order: int = 1) -> Jet | None:
        """Logarithm of the factor by which a coefficient grows from centred units to those of the data."""
        total: Any = None
        for unit, power in self.law.coefficients[name].dims.items():
            value = eval(_compiled(power), {"__builtins__": {}}, dict(jets)) if isinstance(power, str) else power
            part = value * shift[:, self.shift_of(unit), None]
            total = part if total is None else total + part
        return total if total is None or isinstance(total, Jet) else Jet.constant(total, order=order)
