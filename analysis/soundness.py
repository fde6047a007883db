"""Soundness: what every law must keep, of the zoo or a user's own, tried at a few made-up places."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scalebook.corpus.errors import Misuse

from .engine.coordinates import Coordinates
from .engine.data import pack, read
from .engine.jet import Jet
from .engine.objective import Loss, predict
from .engine.starts import draw, project
from .law import OF_CODE, Array, Coefficient, Law

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
USUAL = {"loss": 2.5, "params": 1e9, "tokens": 1e10, "flops": 1e21}
"""Usual sizes of targets; others are fractions."""
COUNTED = ("loss", "experts", "granularity", "layers")
"""Inputs that have one unit and lie near 1: no coefficient need carry it."""
PLACES, POINTS, STARTS = 3, 16, 16
MAY_USE = (
    "a law may use + - * / **, np.exp, np.log, np.sqrt, np.tanh, np.minimum, np.maximum, np.logaddexp, np.log1p and"
    " np.expm1 (np.minimum or np.maximum in place of np.where, if and comparisons; np.exp in place of math.exp)"
)


def inputs(law: Law, n: int, seed: int) -> dict[str, Array]:
    """Inputs of a law, spread evenly in logarithm over usual ranges."""
    return _drawn(law.inputs, n, seed)


def _drawn(names: Iterable[str], n: int, seed: int) -> dict[str, Array]:
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


def check(law: Law) -> None:
    """Try a law at a few places.

    Raises
    ------
    Misuse
        In one sentence: which coefficient or what in the formula breaks what a fit relies on, and what to change.
    """
    with np.errstate(all="ignore"):
        try:
            fault = next(_faults(law), "")
        except OF_CODE as error:  # the formula runs at one place, and raises at another
            fault = f"predict fails for some values in range ({_said(error)}): {MAY_USE}"
    if fault:
        raise Misuse(fault)


def _faults(law: Law) -> Iterator[str]:
    yield from _declared(law)
    if law.estimate is not None:
        yield from _read_off(law)
        return
    places = [_Place.of(law, seed) for seed in range(PLACES)]
    yield from _evaluated(places[0])
    yield from _unused(places)
    yield from _starts(law)
    for place in places:
        yield from _linear(place)
    yield from _slopes(places[0])
    yield from _units([_Place.of(law, seed, centred=True) for seed in range(PLACES)])


@dataclass(frozen=True)
class _Place:
    """A law at some inputs and coefficients."""

    law: Law
    columns: dict[str, Array]
    at: dict[str, float]

    @classmethod
    def of(cls, law: Law, seed: int, *, centred: bool = False) -> _Place:
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


def _declared(law: Law) -> Iterator[str]:
    """What can be seen without evaluating anything."""
    for name, other in law.same_unit.items():
        if not {name, other} <= set(law.inputs):
            yield f"same_unit says {name}: {other}, and both must be inputs: {', '.join(law.inputs)}"
    for name, c in law.coefficients.items():
        if c.start and not (c.start[0] < c.start[1]):
            yield f"{name} has start={c.start}: write the lower end first"
        if c.start and not (c.power or (c.low <= c.start[0] and c.start[1] <= c.high)):
            yield f"{name} has start={c.start} outside its bounds, {c.low:g} to {c.high:g}: move the one or the other"
        if c.start and c.log and c.start[0] <= 0:
            yield f"{name} has log=True and start={c.start}: a scale starts above 0"
        if c.power and c.power not in law.coefficients:
            yield f"{name} has power={c.power!r}, which is no coefficient: name one of {', '.join(law.coefficients)}"
        for unit, power in c.dims.items():
            if unit not in law.inputs or unit in law.same_unit:
                known = ", ".join(i for i in law.inputs if i not in law.same_unit)
                yield f"{name} has dims of {unit!r}, which is no input that has a unit of its own: name one of {known}"
            yield from (f"{name} has dims {dict(c.dims)}: {why}" for why in _powers(law, power))


def _powers(law: Law, power: str | float) -> Iterator[str]:
    """What is wrong with a power in dims."""
    if not isinstance(power, str):
        return
    try:
        names = {node.id for node in ast.walk(ast.parse(power, mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError:
        yield f"{power!r} is no expression; write a number or such as '2*alpha'"
        return
    if unknown := sorted(names - set(law.coefficients)):
        yield f"{unknown[0]!r} is no coefficient; a power is a number or made of {', '.join(law.coefficients)}"


def _read_off(law: Law) -> Iterator[str]:
    """A law in closed form returns its coefficients."""
    names = dict.fromkeys((*law.inputs, "params", "tokens", "flops", "unique_tokens", "loss", law.target))
    data = _drawn(names, POINTS, 0)
    assert law.estimate is not None
    try:
        found = dict(law.estimate(data))
        value = law.predict(*(data[name] for name in law.inputs), **found)
    except OF_CODE as error:
        yield f"its estimate fails: {_said(error)}"
        return
    if set(found) != set(law.coefficients):
        yield f"its estimate returns {', '.join(map(str, found))}, and must return {', '.join(law.coefficients)}"
    if not np.isfinite(np.asarray(value, dtype=float)).all():
        yield "predict is not finite with the coefficients that its estimate returns"


def _evaluated(place: _Place) -> Iterator[str]:
    """The formula runs on arrays and on jets, and returns one number for each point."""
    law = place.law
    try:
        found = law.predict(*place.columns.values(), **place.at)
    except OF_CODE as error:
        yield f"predict fails on arrays ({_said(error)}): {MAY_USE}"
        return
    try:
        numbers = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        numbers = np.asarray(np.nan)
    if found is None or numbers.shape not in ((), (1,), (POINTS,)):
        shape = "" if found is None else f" of shape {numbers.shape}"
        what = f"{type(found).__name__}{shape} for {POINTS} points"
        yield f"predict returns {what}: it must return one number for each point, such as E + A * params**-alpha"
    try:
        jet = place.jet
        _ = (jet.value, jet.first, jet.second) if isinstance(jet, Jet) else None
    except OF_CODE as error:
        yield f"predict cannot be differentiated ({_said(error)}): {MAY_USE}"
        return
    if not isinstance(jet, Jet):
        yield f"predict returns {type(jet).__name__} whatever the coefficients are: it must be computed from them"


def _starts(law: Law) -> Iterator[str]:
    """From where a search starts, predictions are finite, and positive once what is linear is solved for."""
    coordinates = Coordinates(law)
    columns = inputs(law, POINTS, 1)
    columns[law.target] = np.full(POINTS, USUAL.get(law.target, 0.5))
    problem = pack(coordinates, [read(law, columns, None, None)], POINTS)
    rows = np.zeros(STARTS, dtype=np.intp)
    x = draw(coordinates, STARTS, 0)
    at = dict(zip(law.coefficients, coordinates.natural(x, problem.shift)[0].T, strict=True))

    def told(k: int) -> str:
        return ", ".join(f"{n}={v[k]:.3g}" for n, v in at.items())

    value = np.broadcast_to(predict(coordinates, x, problem.take(rows), 1).value, (STARTS, POINTS))
    if not (fine := np.isfinite(value).all(axis=1)).all():
        yield (
            f"predict is not finite where a search starts, such as {told(int(np.argmin(fine)))}: narrow start or the"
            " bounds, or change the formula"
        )
        return
    if not set(law.inputs) <= set(RANGES):
        return
    x = project(coordinates, Loss(log=False), x, problem.take(rows))
    value = np.broadcast_to(predict(coordinates, x, problem.take(rows), 1).value, (STARTS, POINTS))
    if not (value > 0).all(axis=1).any():
        yield (
            f"predict is not positive where a search starts, such as {told(0)}: its logarithm is fitted, so correct"
            " the sign of a term, or the bounds"
        )


def _unused(places: list[_Place]) -> Iterator[str]:
    """Every coefficient changes some prediction."""
    for k, name in enumerate(places[0].law.coefficients):
        if not any(np.any(place.jet.first.get(k, 0.0)) for place in places):
            yield f"{name} does not change what predict returns: use it in the formula, or leave it out"


def _slopes(place: _Place) -> Iterator[str]:
    """Derivatives are those of complex steps, or of differences where the formula takes no complex numbers."""
    jet, names = place.jet, list(place.at)
    if not np.allclose(jet.value, place.value(), rtol=1e-12, atol=0.0):
        yield f"predict returns other numbers when it is differentiated: {MAY_USE}"
    for i, name in enumerate(names):
        slope, rtol = _slope(place, name)
        told = np.broadcast_to(jet.first.get(i, 0.0), POINTS)
        if not np.allclose(told, slope, rtol=rtol, atol=0.1 * rtol * np.abs(slope).max()):
            yield f"predict has another derivative in {name} than its differences say: {MAY_USE}"
        for j, other, bend in _bends(place, names, i):
            exact = np.broadcast_to(jet.second.get((min(i, j), max(i, j)), 0.0), POINTS)
            size = np.abs(jet.value).max() / abs(place.at[name] * place.at[other])
            if not np.allclose(exact, bend, rtol=1e-4, atol=1e-7 * size):
                yield f"predict has another second derivative in {name} and {other} than differences say: {MAY_USE}"


def _slope(place: _Place, name: str) -> tuple[Array, float]:
    """Derivative in one coefficient without jets, and how well it is known."""
    at = place.at[name]
    try:
        slope = place.value(**{name: at * (1 + 1e-30j)}).imag / (at * 1e-30)
        if slope.any():
            return slope, 1e-8
    except OF_CODE:
        pass
    h = 1e-6 * at
    return (place.value(**{name: at + h}) - place.value(**{name: at - h})) / (2 * h), 1e-5


def _bends(place: _Place, names: list[str], i: int) -> Iterator[tuple[int, str, Array]]:
    """Second derivatives, as differences of the first ones."""
    h = 1e-5 * place.at[names[i]]
    up, down = (place.jet_at(1, **{names[i]: place.at[names[i]] + step}).first for step in (h, -h))
    for j in range(i, len(names)):
        difference = np.subtract(up.get(j, 0.0), down.get(j, 0.0)) / (2 * h)
        yield j, names[j], np.broadcast_to(difference, POINTS)


def _linear(place: _Place) -> Iterator[str]:
    """The prediction is affine in all coefficients that are said to be linear, each and jointly."""
    law = place.law
    linear = [name for name, c in law.coefficients.items() if c.linear]

    def grown(names: list[str], factor: float) -> Array:
        roots = {n: 1 / place.at[p] if (p := law.coefficients[n].power) else 1.0 for n in names}
        return np.asarray(place.value(**{n: place.at[n] * factor**root for n, root in roots.items()}))

    def bent(names: list[str]) -> bool:
        one, two, three = (grown(names, factor) for factor in (1.0, 2.0, 3.0))
        return not np.allclose(three - two, two - one, rtol=1e-9, atol=1e-12 * np.abs(one).max())

    for name in linear:
        if bent([name]):
            yield f"{name} has linear=True, and predict is not linear in it: give start=(low, high) in its place"
    if linear and bent(linear):
        yield (
            f"{', '.join(linear)} have linear=True, and predict is not linear in all of them together: give one of two"
            " that are multiplied start=(low, high) in its place"
        )


def _units(places: list[_Place]) -> Iterator[str]:
    """A coefficient that can carry the unit of an input says so in its dims, and rightly."""
    law = places[0].law
    units = [name for name in law.inputs if name not in law.same_unit]
    for unit in units:
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


def _declared_powers(place: _Place, unit: str) -> dict[str, float]:
    """Power of a unit by coefficient, as dims say."""
    found = {}
    for name, c in place.law.coefficients.items():
        if power := c.dims.get(unit, 0.0):
            told = eval(power, {"__builtins__": {}}, dict(place.at)) if isinstance(power, str) else power
            found[name] = float(told)
    return found


def _scaled(place: _Place, unit: str, factor: float) -> dict[str, Any]:
    alike = [name for name in place.law.inputs if place.law.same_unit.get(name, name) == unit]
    return {name: column * (factor if name in alike else 1.0) for name, column in place.columns.items()}


def _carries(place: _Place, unit: str, powers: dict[str, float]) -> bool:
    """Whether predictions stay when an input is counted in tenths and coefficients change with these powers."""
    changed = {name: place.at[name] * 10.0**power for name, power in powers.items()}
    return bool(np.allclose(place.value(_scaled(place, unit, 10.0), **changed), place.value(), rtol=1e-6, atol=0.0))


def _needed_powers(place: _Place, unit: str) -> dict[str, float]:
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


def _should_carry(places: list[_Place], name: str, unit: str, powers: list[float]) -> str:
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
            else f"an expression that is {powers[0]:.4g} at {_told(places[0])}"
        )
    return f"{name} has {now}, and changes with the unit of {unit}: its dims must hold {{{unit!r}: {power}}}"


def _told(place: _Place) -> str:
    return ", ".join(f"{name}={value:.4g}" for name, value in place.at.items())


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
