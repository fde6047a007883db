"""Units: a coefficient that can carry the unit of an input says so in its dims, and rightly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .place import COUNTED, POINTS, Place


def units(places: list[Place]) -> Iterator[str]:
    """A coefficient that can carry the unit of an input says so in its dims, and rightly."""
    law = places[0].law
    carriers = [name for name in law.inputs if name not in law.same_unit]
    for unit in carriers:
        declared = [_declared_powers(place, unit) for place in places]
        if not declared[0] and unit in COUNTED:
            continue
        if all(_carries(place, unit, powers) for place, powers in zip(places, declared, strict=True)):
            continue
        needed = [_needed_powers(place, unit) for place in places]
        if all(_carries(place, unit, powers) for place, powers in zip(places, needed, strict=True)):
            for name in needed[0]:
                if any(abs(n[name] - d.get(name, 0.0)) > 1e-5 for n, d in zip(needed, declared, strict=True)):
                    yield _should_carry(places, name, unit, [n[name] for n in needed])
        elif declared[0]:
            yield (
                f"{' and '.join(declared[0])} {'have' if len(declared[0]) > 1 else 'has'} dims of {unit!r}, and predict"
                f" changes when {unit} is counted in another unit: correct the powers, or leave {unit!r} out"
            )


def _declared_powers(place: Place, unit: str) -> dict[str, float]:
    """Power of a unit by coefficient, as dims say."""
    found = {}
    for name, c in place.law.coefficients.items():
        if power := c.dims.get(unit, 0.0):
            told = eval(power, {"__builtins__": {}}, dict(place.at)) if isinstance(power, str) else power
            found[name] = float(told)
    return found


def _scaled(place: Place, unit: str, factor: float) -> dict[str, Any]:
    alike = [name for name in place.law.inputs if place.law.same_unit.get(name, name) == unit]
    return {name: column * (factor if name in alike else 1.0) for name, column in place.columns.items()}


def _carries(place: Place, unit: str, powers: dict[str, float]) -> bool:
    """Whether predictions stay when an input is counted in tenths and coefficients change with these powers."""
    changed = {name: place.at[name] * 10.0**power for name, power in powers.items()}
    return bool(np.allclose(place.value(_scaled(place, unit, 10.0), **changed), place.value(), rtol=1e-6, atol=0.0))


def _needed_powers(place: Place, unit: str) -> dict[str, float]:
    """Powers with which predictions stay to first order: df/dlog(input) + sum of power * df/dlog(coefficient) = 0."""
    law = place.law
    may = [n for n, c in law.coefficients.items() if c.low in (0.0, -math.inf) and c.high == math.inf]
    if not may:
        return {}
    jet, order = place.jet, list(law.coefficients)
    slopes = np.array([np.broadcast_to(jet.first.get(order.index(n), 0.0) * place.at[n], POINTS) for n in may])
    h = 1e-6
    rise = (place.value(_scaled(place, unit, 1 + h)) - place.value(_scaled(place, unit, 1 - h))) / (2 * h)
    size = np.maximum(np.linalg.norm(slopes, axis=1), 1e-300)
    found = np.linalg.lstsq((slopes / size[:, None]).T, -rise, rcond=1e-9)[0] / size
    return {name: 0.0 if abs(power) < 1e-6 else float(power) for name, power in zip(may, found, strict=True)}


def _should_carry(places: list[Place], name: str, unit: str, powers: list[float]) -> str:
    """What dims of a coefficient should be, in words."""
    law = places[0].law
    now = f"dims={dict(law.coefficients[name].dims)}" if law.coefficients[name].dims else "no dims"
    wanted: list[tuple[str, list[float]]] = [(repr(float(k)), [float(k)] * len(places)) for k in (-2, -1, 1, 2)]
    for other in law.coefficients:
        for sign, text in ((1, "{}"), (-1, "-{}"), (2, "2*{}"), (-2, "-2*{}")):
            wanted.append((repr(text.format(other)), [sign * place.at[other] for place in places]))
    if np.allclose(powers, 0.0):
        return f"{name} has {now}, and does not change with the unit of {unit}: leave {unit!r} out of its dims"
    power = next((word for word, told in wanted if np.allclose(told, powers, rtol=1e-5, atol=1e-7)), "")
    if not power:
        power = (
            f"{powers[0]:.4g}"
            if np.ptp(powers) < 1e-5
            else f"an expression that is {powers[0]:.4g} at {places[0].told()}"
        )
    return f"{name} has {now}, and changes with the unit of {unit}: its dims must hold {{{unit!r}: {power}}}"
