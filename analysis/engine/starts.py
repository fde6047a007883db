"""Starts from the data: exponents are spread evenly, what is linear given them is solved for."""

from __future__ import annotations

import numpy as np

from ..law import Array
from .coordinates import Coordinates
from .linear import solve_within
from .objective import Loss, Problems, predict, value
from .solver import ELEMENTS, Rows


def spread(count: int, dimensions: int, seed: int) -> Array:
    """Points of the unit cube at low discrepancy, shape (count, dimensions).

    References
    ----------
    .. [1] Roberts (2018), The unreasonable effectiveness of quasirandom sequences: steps of 1/phi, 1/phi^2, ...,
       where phi^(d+1) = phi + 1.
    """
    phi = 2.0
    for _ in range(40):
        phi = (1.0 + phi) ** (1.0 / (dimensions + 1))
    offset = np.random.default_rng(seed).random(dimensions) if seed else np.full(dimensions, 0.5)
    return (offset + np.outer(np.arange(1, count + 1), phi ** -np.arange(1.0, dimensions + 1))) % 1.0


def draw(coordinates: Coordinates, count: int, seed: int) -> Array:
    """Coordinates to start from, before the linear ones are solved for, shape (count, p)."""
    law = coordinates.law
    x = np.ones((count, len(coordinates.free)))
    bent = np.flatnonzero(~coordinates.linear)
    if len(bent):
        ranges = np.array([law.coefficients[coordinates.free[k]].start for k in bent], dtype=float)
        logs = coordinates.log[bent, None]
        ranges = np.where(logs, np.log(np.where(logs, ranges, 1.0)), ranges)
        x[:, bent] = ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * spread(count, len(bent), seed)
    return x


def choose(coordinates: Coordinates, loss: Loss, problems: Problems, starts: int, seed: int) -> Array:
    """Starts of every problem.

    Parameters
    ----------
    problems : Problems
        With one row each.
    starts : int
        How many to keep. Half are the best drawn; the others run down to the middle of the ranking, so that their
        agreement means something.

    Returns
    -------
    array, shape (problems, starts, p)

    References
    ----------
    .. [1] Golub and Pereyra (1973), variable projection, SIAM J. Numer. Anal. 10.
    """
    count = max(4 * starts, 16 * int((~coordinates.linear).sum()))
    drawn = draw(coordinates, count, seed)
    rows = len(problems.target)
    best = np.empty((rows, starts, drawn.shape[1]))
    room = max(1, 4 * ELEMENTS // (count * problems.length))
    order = np.r_[: (starts + 1) // 2, np.linspace(starts, count // 2, starts // 2).astype(int)]
    for first in range(0, rows, room):
        some = np.arange(first, min(first + room, rows))
        which = np.repeat(some, count)
        here = problems.take(which)
        x = project(coordinates, loss, np.tile(drawn, (len(some), 1)), here)
        reached = value(coordinates, Loss(loss.log), x, here).reshape(len(some), count)
        ranked = np.argsort(reached, axis=1, kind="stable")[:, order]
        best[some] = x.reshape(len(some), count, -1)[np.arange(len(some))[:, None], ranked]
    return best


def project(coordinates: Coordinates, loss: Loss, x: Array, problems: Problems) -> Array:
    """Solve for the linear coordinates by least squares within their bounds.

    For residuals in logarithms the weights are 1 / L^2, which makes them the logarithmic ones to first order.
    """
    line = np.flatnonzero(coordinates.linear)
    if not len(line):
        return x
    with np.errstate(all="ignore"):  # drawn at random, it may lie outside the domain of the formula
        return _projected(coordinates, loss, x, problems, line)


def _projected(coordinates: Coordinates, loss: Loss, x: Array, problems: Problems, line: Rows) -> Array:
    jet = predict(coordinates, x, problems, 1)
    shape = (len(x), problems.length)
    weight = problems.weight / problems.target**2 if loss.log else problems.weight
    basis = np.stack([np.broadcast_to(jet.first[int(k)], shape) for k in line], axis=1)
    weighted = basis * np.broadcast_to(weight, shape)[:, None, :]
    matrix = np.matmul(weighted, basis.transpose(0, 2, 1))
    rest = problems.target - jet.value + np.matmul(x[:, None, line], basis)[:, 0]
    right = np.matmul(weighted, np.broadcast_to(rest, shape)[:, :, None])[:, :, 0]
    unit = 1.0 / np.sqrt(np.maximum(np.einsum("rkk->rk", matrix), 1e-300))
    matrix, right = matrix * unit[:, :, None] * unit[:, None, :], right * unit
    low, high = (bound[line] / unit for bound in (coordinates.low, coordinates.high))
    none = np.zeros(right.shape, dtype=bool)
    solution, fine, _ = solve_within(matrix, np.full(len(x), 1e-10), right, low, high, none)
    x = x.copy()
    x[:, line] = np.where(fine[:, None], solution * unit, x[:, line])
    return x
