r"""Reduced laws: the Chinchilla form with its five coefficients confined to a subspace that other families span.

The coefficients :math:`\theta = (\ln A, \ln B, \ln E, \alpha, \beta)` of many families lie near a plane of few
dimensions. With their mean :math:`\mu` and principal components :math:`V`, a new family is fitted by
:math:`\theta = \mu + V z` with three numbers z instead of five.

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scalebook.corpus.errors import Misuse

from .fit import Fit
from .law import Array, Coefficient, Law

THETA = ("A", "B", "E", "alpha", "beta")
"""Coefficients of the Chinchilla form; the first three enter by their logarithms."""


def theta(fit: Fit) -> Array:
    """Coefficients of a fit of the Chinchilla form as a vector, shape (5,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array([np.log(fit.values[n]) if n in "ABE" else fit.values[n] for n in THETA])


def subspace(fits: Sequence[Fit], dimensions: int = 3) -> Law:
    """The law that is left of the Chinchilla form when other families have been seen.

    Parameters
    ----------
    fits : sequence of Fit
        Of the Chinchilla form to other families, in nats, parameters and tokens; those that did not converge, or whose
        E, A or B is zero, are left out.
    dimensions : int
        Principal components that are kept, 1 to 3: z1, z2, z3, in standard deviations of these families.

    Returns
    -------
    Law
        Of coefficients z1, z2, ...; `coefficients_of` turns them back.

    Raises
    ------
    Misuse
        There are too few families, or `dimensions` is not 1, 2 or 3.
    """
    if dimensions not in _FORMS:
        raise Misuse(f"dimensions is {dimensions}; it must be one of {', '.join(map(str, _FORMS))}")
    known = np.array([theta(f) for f in fits if f.status == "converged"]).reshape(-1, len(THETA))
    known = known[np.isfinite(known).all(axis=1)]
    if len(known) < dimensions + 1:
        raise Misuse(f"{len(known)} families have converged; {dimensions} dimensions need {dimensions + 1} or more")
    mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-12)
    _, sizes, axes = np.linalg.svd((known - mean) / spread, full_matrices=False)
    kept = axes[:dimensions] * spread * (sizes[:dimensions, None] / np.sqrt(len(known)))
    names = tuple(f"z{k}" for k in range(1, dimensions + 1))
    meaning = "place of the family along principal component {} of the others"
    return Law(
        predict=_FORMS[dimensions](mean, kept),
        inputs=("params", "tokens"),
        cite="choshen2024",
        coefficients={
            name: Coefficient(meaning.format(name[1:]), "standard deviations", low=-8.0, high=8.0, start=(-2.0, 2.0))
            for name in names
        },
    )


def coefficients_of(fit: Fit) -> dict[str, float]:
    """A, B, E, alpha and beta of a fit of a reduced law."""
    closure: Any = fit.law.predict
    place = closure.mean + np.array(list(fit.values.values())) @ closure.axes
    return {n: float(np.exp(v) if n in "ABE" else v) for n, v in zip(THETA, place, strict=True)}


class _Reduced:
    """The formula; `mean` has shape (5,), `axes` (dimensions, 5)."""

    def __init__(self, mean: Array, axes: Array) -> None:
        self.mean, self.axes = mean, axes
        # where a law has its name and title from
        self.__globals__ = {"__name__": f"chinchilla[subspace={len(axes)}]", "__doc__": __doc__}

    def _loss(self, params: Array, tokens: Array, *z: Array) -> Array:
        a, b, e, alpha, beta = (
            sum((axis[k] * one for axis, one in zip(self.axes, z, strict=True)), self.mean[k]) for k in range(5)
        )
        loss: Array = np.exp(e) + np.exp(a) * params**-alpha + np.exp(b) * tokens**-beta
        return loss


class _One(_Reduced):
    def __call__(self, params: Array, tokens: Array, *, z1: Array) -> Array:
        return self._loss(params, tokens, z1)


class _Two(_Reduced):
    def __call__(self, params: Array, tokens: Array, *, z1: Array, z2: Array) -> Array:
        return self._loss(params, tokens, z1, z2)


class _Three(_Reduced):
    def __call__(self, params: Array, tokens: Array, *, z1: Array, z2: Array, z3: Array) -> Array:
        return self._loss(params, tokens, z1, z2, z3)


_FORMS: dict[int, Callable[[Array, Array], Callable[..., Any]]] = {1: _One, 2: _Two, 3: _Three}
