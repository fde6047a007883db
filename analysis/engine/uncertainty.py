"""Evidence on a solution: whether it is a minimum, whether the data determine it, and how well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..law import Array
from .clusters import MANY, by_cluster, few
from .coordinates import Coordinates
from .data import width
from .objective import Loss, Problems, expand, predict
from .solver import ELEMENTS

FLAT = 1e5
"""Condition number of the Jacobian from which a direction counts as flat."""
ALONG = 0.2
"""Part in the flat direction, of the largest one, from which a coordinate runs along it."""
BREADTH = 2.0
"""Half-width of Epanechnikov's kernel, in standard deviations times n^(-1/5): Silverman's .9 for that of Gauss."""


@dataclass(frozen=True)
class Evidence:
    """What was found at the solution, by problem.

    Attributes
    ----------
    value : array, shape (problems,)
        The objective.
    gradient_norm : array, shape (problems,)
        Largest correlation of the influence psi with a free column of the Jacobian: 0 at a minimum, at most 1.
    curvature : array, shape (problems,)
        Least eigenvalue of the exact Hessian of the free coefficients, each in the unit that gives its column of the
        Jacobian length one: positive at a minimum.
    condition : array, shape (problems,)
        Condition number of the Jacobian whose columns have length one.
    flat : array, shape (problems, p)
        Part of each coordinate, from 0 to 1, in the directions that are flat or else in the flattest one.
    held : array of bool, shape (problems, p)
        Coordinates at a bound.
    covariance : array, shape (problems, p, p)
        Sandwich covariance of x; NaN for what is held.
    size : array, shape (problems,)
        Sum of absolute residuals.
    noise : array, shape (problems,)
        Robust standard deviation of the residuals: 1.4826 times their median size, the p - 1 smallest left out.
    freedom : array of Freedom or None, shape (problems,)
        How sure the covariance is; None without clusters, or with so many that it is sure.
    """

    value: Array
    gradient_norm: Array
    curvature: Array
    condition: Array
    flat: Array
    held: NDArray[np.bool_]
    covariance: Array
    size: Array
    noise: Array
    freedom: NDArray[np.object_]

    @classmethod
    def join(cls, parts: list[Evidence]) -> Evidence:
        """The evidence on several batches as one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def take(self, rows: NDArray[np.intp]) -> Evidence:
        """The evidence on these problems."""
        return Evidence(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def put(self, rows: NDArray[np.intp], other: Evidence) -> None:
        """Enter the evidence on some problems."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)


def assess(
    coordinates: Coordinates, loss: Loss, x: Array, problems: Problems, clusters: NDArray[np.intp] | None
) -> Evidence:
    """Verify solutions and estimate their covariance, in pieces that fit the cache.

    Parameters
    ----------
    x : array, shape (problems, p)
        Solutions.
    clusters : array of int, shape (problems, n), or None
        Points of one cluster err together. Their number must have one `width` in all problems.
    """
    room = max(1, ELEMENTS // (problems.length if clusters is None else max(problems.length, x.shape[1] ** 4 // 8)))
    pieces = [np.arange(k, min(k + room, len(x))) for k in range(0, len(x), room)]
    return Evidence.join(
        [_assess(coordinates, loss, x[p], problems.take(p), None if clusters is None else clusters[p]) for p in pieces]
    )


def _assess(
    coordinates: Coordinates, loss: Loss, x: Array, problems: Problems, clusters: NDArray[np.intp] | None
) -> Evidence:
    at = expand(coordinates, loss, x, problems, exact=True)
    jet = predict(coordinates, x, problems, 1)
    f = np.broadcast_to(jet.value, (len(x), problems.length))
    w = np.broadcast_to(problems.weight, f.shape)
    r, psi, _ = loss.parts(f, problems.target, w)
    slopes = np.zeros((*x.shape, problems.length))
    for k, d in jet.first.items():
        slopes[:, k] = d
    if loss.log:
        slopes /= f[:, None, :]
    low, high = coordinates.low, coordinates.high
    held = (x <= low) | (x >= high)
    free = ~(((x <= low) & (at.gradient > 0)) | ((x >= high) & (at.gradient < 0)))
    gram = np.matmul(slopes * w[:, None, :], slopes.transpose(0, 2, 1))
    pull = np.einsum("rn,rn->r", w, psi * psi)
    unit = 1.0 / np.sqrt(np.maximum(np.einsum("rkk->rk", gram), 1e-300))
    norm = np.abs(at.gradient * free * unit).max(axis=1, initial=0.0) / np.sqrt(np.maximum(pull, 1e-300))
    exactly = pull <= 1e-24 * np.maximum(w.sum(axis=1), 1e-300)  # a curve without noise leaves only rounding
    eigenvalues, vectors = np.linalg.eigh(gram * unit[:, :, None] * unit[:, None, :])
    with np.errstate(divide="ignore"):
        condition = np.sqrt(eigenvalues[:, -1] / np.maximum(eigenvalues[:, 0], 0.0))
    none = eigenvalues <= np.maximum(FLAT**-2 * eigenvalues[:, -1:], eigenvalues[:, :1])
    flat = np.sqrt(np.einsum("rke,re->rk", vectors**2, none.astype(float)))
    leverage = _leverage(slopes, w, unit, eigenvalues, vectors)
    noise = residual_noise(r, w, x.shape[1])
    bread, curvature = _bread(at.hessian, slopes, w, r, unit, noise, leverage, loss, held)
    scores = slopes * (w * psi)[:, None, :]
    freedom = np.full(len(x), None, dtype=object)
    if clusters is None:
        scores = scores / (1.0 - leverage)[:, None, :]
    elif (groups := width(int(clusters.max()) + 1)) < MANY:
        scores, freedom[:] = few(slopes, w, scores, bread, held, clusters, groups)
    else:
        scores = _many(scores, w, clusters, groups)
    covariance = _sandwich(bread, scores, held)
    norm = np.where(exactly, 0.0, norm)
    size = np.einsum("rn,rn->r", w, np.abs(r))
    return Evidence(at.value, norm, curvature, condition, flat, held, covariance, size, noise, freedom)


def _leverage(slopes: Array, w: Array, unit: Array, eigenvalues: Array, vectors: Array) -> Array:
    """Share of each point in its own prediction, shape (rows, n), at most 0.9; slopes times `unit` have length one.

    A residual is smaller than the error by this share: dividing by the rest makes the sandwich that of the
    jackknife, "HC3", without which intervals are too narrow.

    References
    ----------
    .. [1] MacKinnon and White (1985), Journal of Econometrics 29.
    """
    firm = eigenvalues > eigenvalues[:, -1:] * FLAT**-2
    roots = np.where(firm, 1.0 / np.sqrt(np.where(firm, eigenvalues, 1.0)), 0.0)
    turned = np.matmul((vectors * roots[:, None, :] * unit[:, :, None]).transpose(0, 2, 1), slopes)
    share: Array = np.minimum(w * np.einsum("rkn,rkn->rn", turned, turned), 0.9)
    return share


def residual_noise(r: Array, w: Array, p: int) -> Array:
    """1.4826 times the median absolute residual among points of positive weight, without the p - 1 smallest.

    A robust fit runs through as many points as it has coefficients: their residuals say nothing about the noise.

    References
    ----------
    .. [1] DuMouchel and O'Brien (1989), Integrating a robust option into a multiple regression computing environment.
    """
    size = np.sort(np.where(w > 0, np.abs(r), np.inf), axis=1)
    last = np.maximum((w > 0).sum(axis=1) - 1, 0)
    twice = np.minimum(p - 1, last) + last  # two times the place of the median, counted from zero
    rows = np.arange(len(r))
    noise: Array = 1.4826 / 2 * (size[rows, twice // 2] + size[rows, (twice + 1) // 2])
    return noise


def _bread(
    hessian: Array,
    slopes: Array,
    w: Array,
    r: Array,
    unit: Array,
    noise: Array,
    leverage: Array,
    loss: Loss,
    held: NDArray[np.bool_],
) -> tuple[Array, Array]:
    """Expected curvature and the least eigenvalue of the exact one.

    Where delta is small against the noise, few residuals lie within it, and their number estimates the density at zero
    so badly that intervals are too narrow as often as too wide, which makes them hold too seldom. Each point therefore
    counts by the chance that it would lie within delta if it were moved by a kernel's breadth [1]_, [2]_. Where some
    points weigh most, the estimate rests on those: n is the number that would have as much leverage if all were alike.

    References
    ----------
    .. [1] Powell (1991), Estimation of monotonic regression models under quantile restrictions.
    .. [2] Silverman (1986), Density estimation, equation 3.31.
    """
    eye = np.eye(hessian.shape[1])
    blocked = held[:, :, None] | held[:, None, :]
    scaled = 1.0 / (unit[:, :, None] * unit[:, None, :])
    curvature = np.linalg.eigvalsh(np.where(blocked, eye, hessian / scaled))[:, 0]
    bread = hessian
    if loss.delta < np.inf:
        n = leverage.sum(axis=1) ** 2 / np.maximum((leverage**2).sum(axis=1), 1e-300)
        breadth = (BREADTH * noise) ** 2 * np.maximum(n, 1.0) ** -0.4 - 5 / 3 * loss.delta**2  # delta smooths as well
        breadth = np.sqrt(np.maximum(breadth, 1e-18 * loss.delta**2))[:, None]
        chance = _kernel((r + loss.delta) / breadth) - _kernel((r - loss.delta) / breadth)
        inside = np.abs(r) <= loss.delta
        bread = bread + np.matmul(slopes * (w * (chance - inside))[:, None, :], slopes.transpose(0, 2, 1))
        firm = np.linalg.eigvalsh(np.where(blocked, eye, bread / scaled))[:, 0] > 1e-9
        weak = np.flatnonzero(~firm)
        bread[weak] = np.matmul(slopes[weak] * (w * chance)[weak, None, :], slopes[weak].transpose(0, 2, 1))
    return np.where(blocked, eye * scaled, bread), curvature


def _kernel(u: Array) -> Array:
    """Distribution function of Epanechnikov's kernel."""
    u = np.clip(u, -1.0, 1.0)
    share: Array = 0.5 + u * (0.75 - 0.25 * u * u)
    return share


def _many(scores: Array, w: Array, clusters: NDArray[np.intp], groups: int) -> Array:
    """Scores of many clusters, shape (rows, p, groups), with the usual correction for their number."""
    p = scores.shape[1]
    count = np.maximum((by_cluster(w[:, None], clusters, groups) > 0).sum(axis=(1, 2)), 2).astype(float)
    n = np.maximum((w > 0).sum(axis=1), p + 1).astype(float)
    factor = np.sqrt(count / (count - 1) * (n - 1) / (n - p))
    summed: Array = by_cluster(scores, clusters, groups).swapaxes(1, 2) * factor[:, None, None]
    return summed


def _sandwich(bread: Array, scores: Array, held: NDArray[np.bool_]) -> Array:
    """Covariance bread^-1 meat bread^-1.

    References
    ----------
    .. [1] Huber (1967); White (1980), Econometrica 48; Liang and Zeger (1986), Biometrika 73 (clusters).
    """
    meat = np.matmul(scores, scores.transpose(0, 2, 1))
    unit = 1.0 / np.sqrt(np.maximum(np.abs(np.einsum("rkk->rk", bread)), 1e-300))
    scaled = bread * unit[:, :, None] * unit[:, None, :]
    inverse = np.linalg.pinv(scaled, rcond=1e-14, hermitian=True) * unit[:, :, None] * unit[:, None, :]
    covariance: Array = inverse @ meat @ inverse
    return np.where(held[:, :, None] | held[:, None, :], np.nan, covariance)
