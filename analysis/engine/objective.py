"""Objectives: what a fit makes as small as possible, summed over points (never averaged)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..law import Array
from .coordinates import Coordinates
from .jet import Jet


@dataclass(frozen=True)
class Problems:
    """Problems of equal length, as arrays of points; an axis of length one is shared by all rows.

    Parameters
    ----------
    inputs, logs : tuple of array, shape (rows or 1, n)
        Inputs, divided by their geometric mean, and their logarithms (None where an input may be negative).
    target : array, shape (rows or 1, n)
        What is to be predicted.
    weight : array, shape (rows or 1, n)
        Weights; zero for padding.
    shift : array, shape (rows or 1, inputs)
        Logarithms of the geometric means.
    """

    inputs: tuple[Array, ...]
    logs: tuple[Array | None, ...]
    target: Array
    weight: Array
    shift: Array

    @property
    def length(self) -> int:
        """Points of a problem."""
        return int(self.target.shape[-1])

    def take(self, rows: NDArray[np.intp]) -> Problems:
        """The problems of these rows."""

        def pick(a: Array) -> Array:
            return a if len(a) == 1 else a[rows]

        return Problems(
            tuple(pick(a) for a in self.inputs),
            tuple(None if a is None else pick(a) for a in self.logs),
            pick(self.target),
            pick(self.weight),
            pick(self.shift),
        )


class Expansion(NamedTuple):
    """Second-order expansion of the objective at x.

    Attributes
    ----------
    value : array, shape (rows,)
    gradient : array, shape (rows, p)
    hessian : array, shape (rows, p, p)
    scale : array, shape (rows, p)
        Curvature of each coordinate alone in the quadratic majoriser of the objective; positive.
    bend : array, shape (rows, p, q)
        Weighted product of first derivatives with each second derivative of `pairs`; none if `exact`.
    pairs : tuple of (int, int)
        The q pairs of coordinates that have a second derivative.
    """

    value: Array
    gradient: Array
    hessian: Array
    scale: Array
    bend: Array
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Loss:
    """Sum over points of w rho(r), with r = L - f or r = log L - log f.

    rho is r^2 / 2, or Huber's: r^2 / 2 up to `delta` and delta (|r| - delta / 2) beyond (SciPy's convention [1]_).

    References
    ----------
    .. [1] Huber (1964), Robust estimation of a location parameter, Annals of Mathematical Statistics 35.
    """

    log: bool
    delta: float = np.inf

    def parts(self, f: Array, target: Array, weight: Array) -> tuple[Array, Array, Array]:
        """Residual r, psi = rho'(r) and the sum of w rho(r) for predictions f, shape (rows, n)."""
        r = np.log(target / f) if self.log else target - f
        psi = r if self.delta == np.inf else np.clip(r, -self.delta, self.delta)
        return r, psi, np.einsum("rn,rn,rn->r", *np.broadcast_arrays(weight, psi, r - 0.5 * psi))


def value(coordinates: Coordinates, loss: Loss, x: Array, problems: Problems) -> Array:
    """The objective alone, shape (rows,); infinite where the law is undefined."""
    f = predict(coordinates, x, problems, 1)
    with np.errstate(all="ignore"):
        total = loss.parts(_full(f.value, x, problems), problems.target, problems.weight)[2]
    return np.where(np.isfinite(total), total, np.inf)


def predict(coordinates: Coordinates, x: Array, problems: Problems, order: int) -> Jet:
    """The law at x with its derivatives in x; values have shape (rows, n) or broadcast to it.

    A trial step may leave the domain of the formula: it is rejected by its value, so NumPy need not warn.
    """
    inputs = [Jet.constant(a, log, order) for a, log in zip(problems.inputs, problems.logs, strict=True)]
    with np.errstate(all="ignore"):
        result = coordinates.law.predict(*inputs, **coordinates.jets(x, problems.shift, order))
    assert isinstance(result, Jet)
    return result


def expand(coordinates: Coordinates, loss: Loss, x: Array, problems: Problems, *, exact: bool) -> Expansion:
    """Expand the objective to second order.

    Parameters
    ----------
    exact : bool
        The exact Hessian; otherwise that of Gauss and Newton, which needs first derivatives only.
    """
    jet = predict(coordinates, x, problems, 2)
    w = problems.weight
    assert jet.second is not None
    pairs = tuple(jet.second)
    rows, p = x.shape
    with np.errstate(all="ignore"):  # see `predict`
        f = _full(jet.value, x, problems)
        r, psi, total = loss.parts(f, problems.target, w)
        pull = w * psi
        major = curve = w
        if loss.delta < np.inf:
            size = np.abs(r)
            inside = size <= loss.delta
            major = np.divide(w * loss.delta, np.maximum(size, loss.delta, out=size), out=size)
            curve = w * inside if exact else major
        if loss.log:  # r = log L - log f: r_i = -f_i / f and r_ij = -f_ij / f + f_i f_j / f^2
            inverse = 1.0 / f
            curve = (curve + pull if exact else curve) * inverse * inverse
            major = major * inverse * inverse
            pull = pull * inverse
        bent = () if exact else pairs  # an exact Hessian needs second derivatives in one sum only
        slopes = np.empty((rows, p + len(bent), problems.length))  # first derivatives, then second ones
        for k in range(p):
            slopes[:, k] = jet.first.get(k, 0.0)
        for k, pair in enumerate(bent, p):
            slopes[:, k] = jet.second[pair]
        weighted = np.empty((rows, p + 1, problems.length))
        np.multiply(slopes[:, :p], np.broadcast_to(curve, f.shape)[:, None, :], out=weighted[:, :p])
        weighted[:, p] = pull
        sums = np.matmul(weighted, slopes.transpose(0, 2, 1))
        gradient, hessian, bend = -sums[:, p, :p], sums[:, :p, :p].copy(), sums[:, :p, p:]
        if curve is major:
            scale = np.einsum("rkk->rk", hessian).copy()
        else:
            squares = np.multiply(slopes[:, :p], slopes[:, :p], out=weighted[:, :p])
            scale = np.matmul(squares, np.broadcast_to(major, f.shape)[:, :, None])[:, :, 0]
        if exact:
            for i, j in pairs:
                pulled = np.einsum("rn,rn->r", _full(jet.second[i, j], x, problems), pull)
                hessian[:, i, j] -= pulled
                if i != j:
                    hessian[:, j, i] -= pulled
        fine = np.isfinite(total) & np.isfinite(hessian).all((1, 2)) & np.isfinite(gradient).all(1)
    return Expansion(np.where(fine, total, np.inf), gradient, hessian, scale, bend, pairs)


def _full(f: Array, x: Array, problems: Problems) -> Array:
    return np.broadcast_to(f, (len(x), problems.length))
