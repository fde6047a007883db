"""The checks, in the order in which a mistake is best explained."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from scalebook.corpus.errors import Misuse

from ..engine.coordinates import Coordinates
from ..engine.data import pack, read
from ..engine.jet import Jet
from ..engine.objective import Loss, predict
from ..engine.starts import draw, project
from ..law import OF_CODE, Array, Law
from .place import POINTS, RANGES, Place, drawn, inputs
from .units import units

USUAL = {"loss": 2.5, "params": 1e9, "tokens": 1e10, "flops": 1e21}
"""Usual sizes of targets; others are fractions."""
PLACES, STARTS = 3, 16
MAY_USE = (
    "a law may use + - * / **, np.exp, np.log, np.sqrt, np.tanh, np.minimum, np.maximum, np.logaddexp, np.log1p and"
    " np.expm1 (np.minimum or np.maximum in place of np.where, if and comparisons; np.exp in place of math.exp)"
)


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
    places = [Place.of(law, seed) for seed in range(PLACES)]
    yield from _evaluated(places[0])
    yield from _unused(places)
    yield from _starts(law)
    for place in places:
        yield from _linear(place)
    yield from _slopes(places[0])
    yield from units([Place.of(law, seed, centred=True) for seed in range(PLACES)])


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
    data = drawn(names, POINTS, 0)
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


def _evaluated(place: Place) -> Iterator[str]:
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


def _unused(places: list[Place]) -> Iterator[str]:
    """Every coefficient changes some prediction."""
    for k, name in enumerate(places[0].law.coefficients):
        if not any(np.any(place.jet.first.get(k, 0.0)) for place in places):
            yield f"{name} does not change what predict returns: use it in the formula, or leave it out"


def _slopes(place: Place) -> Iterator[str]:
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


def _slope(place: Place, name: str) -> tuple[Array, float]:
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


def _bends(place: Place, names: list[str], i: int) -> Iterator[tuple[int, str, Array]]:
    """Second derivatives, as differences of the first ones."""
    h = 1e-5 * place.at[names[i]]
    up, down = (place.jet_at(1, **{names[i]: place.at[names[i]] + step}).first for step in (h, -h))
    for j in range(i, len(names)):
        difference = np.subtract(up.get(j, 0.0), down.get(j, 0.0)) / (2 * h)
        yield j, names[j], np.broadcast_to(difference, POINTS)


def _linear(place: Place) -> Iterator[str]:
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


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
