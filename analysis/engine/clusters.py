"""Few clusters: how far a sandwich over whole clusters can be trusted, and what it misses.

A fit bends towards its own data, and towards those of a cluster that pulls hard: residuals of such a cluster are
smaller than its errors. "CR2" makes up for it by the power -1/2 of the share of errors that residuals still show, which
makes the variance unbiased if points err independently. A variance from few clusters is itself uncertain: Student's t
with degrees of freedom after Satterthwaite, another number for every coefficient and prediction.

References
----------
.. [1] Bell and McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage samples,
   Survey Methodology 28; Pustejovsky and Tipton (2018), Journal of Business and Economic Statistics 36.
.. [2] Imbens and Kolesar (2016), Robust standard errors in small samples, Review of Economics and Statistics 98.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..law import Array

LEAST = 4
"""Clusters below which no interval is given: over three, 90 % intervals held 49 to 96 %, by law."""
FEW = 5
"""Clusters below which refits of redrawn clusters give no intervals of coefficients, however widened: of four, one
redraw in three holds two sizes or one, and determines nothing."""
MANY = 500
"""Clusters from which corrections are not worth their memory: each has a share of p / 500 in its own prediction."""
SHOWN = 0.01
"""A direction of which a cluster's residuals show less than this share of the errors is known by that cluster alone."""
ENOUGH = 0.95
"""Share of a variance that clusters must show; where they showed 60 to 80 %, 90 % intervals held 75 %."""


@dataclass(frozen=True)
class Freedom:
    """How much is known about the variance of anything that follows from the coefficients.

    Attributes
    ----------
    clusters : int
        Clusters with weight.
    whiten : array, shape (q, p)
        Turns a contrast (a derivative in p coordinates) into a direction y in which points that err independently give
        the variance y . y.
    shown : array, shape (q, q)
        Part of that variance that clusters show: y . shown . y.
    square : array, shape (q * q, q * q)
        Sum of squares of the covariances between clusters, as a form of yy'.
    """

    clusters: int
    whiten: Array
    shown: Array
    square: Array

    def through(self, jacobian: Array) -> Freedom:
        """Of contrasts in what has this derivative in the coordinates, shape (coefficients, p)."""
        return replace(self, whiten=self.whiten @ jacobian.T)

    def degrees(self, contrasts: Array) -> Array:
        """Degrees of freedom of Student's t.

        Parameters
        ----------
        contrasts : array, shape (p, ...)
            Derivatives in the coordinates.

        Returns
        -------
        array, shape (...)
            Infinite for what does not vary; NaN where there are too few clusters, or where a part of the variance is
            known by one cluster alone, so that leaving it out leaves it open.
        """
        y = np.tensordot(self.whiten, contrasts, 1)
        flat = y.reshape(len(y), -1)
        size = (flat * flat).sum(axis=0)
        flat = flat / np.sqrt(np.where(size > 0, size, 1.0))
        shown = (flat * (self.shown @ flat)).sum(axis=0)
        pairs = (flat[:, None] * flat[None]).reshape(len(y) ** 2, -1)
        squares = (pairs * (self.square @ pairs)).sum(axis=0)
        told = (shown >= ENOUGH) & (squares > 0) & (self.clusters >= LEAST)
        found: Array = np.where(size > 0, np.where(told, shown**2 / np.where(told, squares, 1.0), np.nan), np.inf)
        return found.reshape(y.shape[1:])


def quantile(level: float, degrees: Array | float) -> Array:
    """Half-width, in standard errors, of an interval of Student's t; of the normal law for infinite degrees."""
    from scipy.special import ndtri, stdtrit

    at = 0.5 + 0.5 * level
    degrees = np.asarray(degrees, float)
    if not np.isfinite(degrees).any():
        return np.where(np.isnan(degrees), np.nan, ndtri(at))
    finite = np.isfinite(degrees)
    t = stdtrit(np.where(finite, degrees, 1.0), at)
    found: Array = np.where(finite, t, np.where(np.isnan(degrees), np.nan, ndtri(at)))
    return found


def too_few(clusters: int) -> str:
    """What a result says that has no intervals, as it rests on fewer clusters than `LEAST`."""
    return f"no intervals: {clusters} clusters do not tell how much clusters vary; {LEAST} may"


def unfit_for_percentiles(clusters: int) -> str:
    """What a result says that was to have percentiles of refits, and has fewer clusters than `FEW`."""
    return (
        f"intervals are the sandwich's and not of refits: redraws of {clusters} clusters hold too few of them;"
        f" those of {FEW} may do"
    )


def widening(level: float, clusters: int | None) -> float:
    """How much further out than percentiles of redrawn clusters the ends of an interval lie.

    Redrawn clusters vary less than new ones by (G - 1) / G in variance, and percentiles take it as known [1]_.

    References
    ----------
    .. [1] Hesterberg (2015), What teachers should know about the bootstrap, American Statistician 69, section 5.3.
    """
    if clusters is None:
        return 1.0
    if clusters < LEAST:
        return float("nan")
    narrow = clusters / (clusters - 1)
    return student(level, clusters - 1) / NormalDist().inv_cdf(0.5 + 0.5 * level) * math.sqrt(narrow)


def student(level: float, degrees: int) -> float:
    """Half-width of an interval of Student's t of whole degrees of freedom, as `quantile`, without SciPy.

    SciPy takes longer to load than a plan takes to make. With whole degrees the distribution is a finite sum [1]_.

    References
    ----------
    .. [1] Abramowitz and Stegun (1964), Handbook of mathematical functions, equations 26.7.3 and 26.7.4.
    """

    def inside(angle: float) -> float:
        """Probability of less than sqrt(degrees) tan(angle) to either side."""
        odd, total, term = degrees % 2, 0.0, math.cos(angle) if degrees % 2 else 1.0
        for k in range(1 + odd, degrees, 2):
            total += term
            term *= math.cos(angle) ** 2 * k / (k + 1)
        told = math.sin(angle) * total
        return (told + angle) * 2 / math.pi if odd else told

    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if inside(middle) < level else (low, middle)
    return math.sqrt(degrees) * math.tan(middle)


def by_cluster(values: Array, clusters: NDArray[np.intp], groups: int) -> Array:
    """Sums over clusters, shape (rows, groups, q), of values of shape (rows, q, n)."""
    rows, q, _ = values.shape
    place = (np.arange(rows)[:, None] * groups + clusters).ravel()
    sums = np.empty((rows, groups, q))
    for k in range(q):
        sums[:, :, k] = np.bincount(place, values[:, k].ravel(), rows * groups).reshape(rows, groups)
    return sums


def few(
    slopes: Array,
    w: Array,
    scores: Array,
    bread: Array,
    held: NDArray[np.bool_],
    clusters: NDArray[np.intp],
    groups: int,
) -> tuple[Array, list[Freedom]]:
    """Scores of clusters under CR2, and the freedom of what follows from them.

    Parameters
    ----------
    slopes, scores : array, shape (rows, p, n)
        Derivative of the residual, and of its loss, in the coordinates.
    w : array, shape (rows, n)
        Weights.
    bread : array, shape (rows, p, p)
        Curvature of the objective.
    held : array of bool, shape (rows, p)
        Coordinates that do not vary.
    clusters : array of int, shape (rows, n)
        Below `groups`.

    Returns
    -------
    scores : array, shape (rows, p, groups)
    freedom : list of Freedom, one for each row
    """
    own = _own(slopes, w, clusters, groups)
    own[np.broadcast_to((held[:, :, None] | held[:, None, :])[:, None], own.shape)] = 0.0
    gram = own.sum(axis=1)
    unit = np.where(held, 0.0, 1.0 / np.sqrt(np.maximum(np.einsum("rkk->rk", gram), 1e-300)))
    scale = unit[:, :, None] * unit[:, None, :]
    root, inverse = _roots(gram * scale)
    share, axes = np.linalg.eigh(inverse[:, None] @ (own * scale[:, None]) @ inverse[:, None])
    shows = 1.0 - share > SHOWN
    factor = np.where(shows, 1.0 / np.sqrt(np.maximum(1.0 - share, SHOWN)), 0.0)
    turn = inverse @ (by_cluster(scores, clusters, groups) * unit[:, None]).swapaxes(1, 2)
    turn = factor[..., None] * (axes.swapaxes(2, 3) @ turn.swapaxes(1, 2)[..., None])
    mended = root @ (axes @ turn)[..., 0].swapaxes(1, 2)
    count = (by_cluster(w[:, None], clusters, groups) > 0).sum(axis=(1, 2))
    free = np.where(held[:, :, None] | held[:, None, :], 0.0, bread * scale)
    whiten = root @ np.linalg.pinv(free, 1e-14, hermitian=True) * unit[:, None, :]
    share = np.where(shows, np.maximum(share, 0.0), 0.0)
    shown = _form(axes, share).sum(axis=1)
    square = _square(_form(axes, share * factor**2), _form(axes, share * factor))
    freedom = [Freedom(int(count[k]), whiten[k], shown[k], square[k]) for k in range(len(w))]
    return mended / np.where(held, np.inf, unit)[:, :, None], freedom


def _own(slopes: Array, w: Array, clusters: NDArray[np.intp], groups: int) -> Array:
    """Products of derivatives, summed over the points of each cluster, shape (rows, groups, p, p)."""
    rows, p, _ = slopes.shape
    place = (np.arange(rows)[:, None] * groups + clusters).ravel()
    own = np.empty((rows, groups, p, p))
    for i in range(p):
        weighted = w * slopes[:, i]
        for j in range(i + 1):  # one pair at a time: small arrays stay in the cache
            sums = np.bincount(place, (weighted * slopes[:, j]).ravel(), rows * groups)
            own[:, :, i, j] = own[:, :, j, i] = sums.reshape(rows, groups)
    return own


def _form(axes: Array, size: Array) -> Array:
    """Symmetric matrices of these axes and eigenvalues."""
    found: Array = (axes * size[..., None, :]) @ axes.swapaxes(-1, -2)
    return found


def _roots(gram: Array) -> tuple[Array, Array]:
    """Root of a matrix and its inverse; what is flat is left out."""
    size, axes = np.linalg.eigh(gram)
    firm = size > 1e-14 * size[:, -1:]
    size = np.sqrt(np.where(firm, size, 1.0))
    return _form(axes, np.where(firm, size, 0.0)), _form(axes, np.where(firm, 1.0 / size, 0.0))


def _square(own: Array, seen: Array) -> Array:
    """Sum over pairs of clusters of their squared covariance, as a form of yy', shape (rows, p * p, p * p).

    Under independent errors the covariance of what clusters g and h add is y . (own_g [g = h] - seen_g seen_h) . y.
    """
    rows, groups, p, _ = own.shape
    once, both, lone = (a.reshape(rows, groups, p * p) for a in (seen, seen @ seen, own))
    apart = lone - both
    pairs = (once.swapaxes(1, 2) @ once).reshape(rows, p, p, p, p).swapaxes(2, 3).reshape(rows, p * p, p * p)
    found: Array = apart.swapaxes(1, 2) @ apart - both.swapaxes(1, 2) @ both + pairs.swapaxes(1, 2) @ pairs
    return found
