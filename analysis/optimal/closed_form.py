r"""The optimum of Chinchilla's law in closed form, and frontiers that papers publish.

.. math:: N^*(C) = G (C/\kappa)^a, \quad D^*(C) = G^{-1} (C/\kappa)^b, \quad
   G = \left(\frac{\alpha A}{\beta B}\right)^{1/(\alpha+\beta)}, \quad a = \frac{\beta}{\alpha+\beta}, \quad
   b = \frac{\alpha}{\alpha+\beta}

with :math:`C = \kappa N D` and :math:`\kappa = 6` [1]_.

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, equation 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse

from ..law import Array
from ..published import published
from .frontier import Frontier
from .power import PowerLaw

COEFFICIENTS = ("A", "B", "alpha", "beta")


def closed_form(
    coefficients: Mapping[str, float],
    *,
    kappa: float = 6.0,
    centre: float = 0.0,
    drawn: Array | None = None,
    level: float = 0.95,
) -> tuple[PowerLaw, PowerLaw]:
    """Optimal size and tokens of Chinchilla's law.

    Parameters
    ----------
    coefficients : mapping of str to float
        ``A``, ``B``, ``alpha`` and ``beta`` of the law, all positive; more are ignored.
    kappa : float
        FLOPs of training per parameter and token.
    centre : float
        Logarithm of the FLOPs in the middle of the data.
    drawn : array, shape (n, 4), optional
        Bootstrap draws of A, B, alpha and beta.

    Raises
    ------
    Misuse
        If a coefficient is missing or not positive.

    Examples
    --------
    >>> params, _ = closed_form({"A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28})
    >>> round(params.predict(5.88e23).item() / 1e9, 1)
    32.5
    """
    wrong = {n: coefficients.get(n) for n in COEFFICIENTS if not 0.0 < coefficients.get(n, 0.0) < np.inf}
    if wrong:
        told = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        raise Misuse(f"the closed form takes positive A, B, alpha and beta; {told}")
    values = np.array([[coefficients[name] for name in COEFFICIENTS]])
    rows = values if drawn is None else np.concatenate([values, drawn])
    size, spent = _lines(rows, kappa, centre)
    good = np.all(np.isfinite(size) & np.isfinite(spent), axis=1)[1:]
    params, tokens = (PowerLaw(centre, float(f[0, 0]), float(f[0, 1]), f[1:][good], level) for f in (size, spent))
    return params, tokens


def _lines(rows: Array, kappa: float, centre: float) -> tuple[Array, Array]:
    """Height and slope of log N* and log D* for rows of A, B, alpha and beta."""
    with np.errstate(all="ignore"):  # draws in which a term is gone have no optimum
        log_a, log_b = np.log(rows[:, 0] * rows[:, 2]), np.log(rows[:, 1] * rows[:, 3])
        total = rows[:, 2] + rows[:, 3]
        log_g, a, b = (log_a - log_b) / total, rows[:, 3] / total, rows[:, 2] / total
        away = centre - np.log(kappa)
        return np.column_stack([log_g + a * away, a]), np.column_stack([b * away - log_g, b])


def published_frontier(corpus: Corpus, name: str) -> Frontier:
    """Frontier of a published law: its own power laws, or the closed form of its coefficients.

    Parameters
    ----------
    name : str
        Such as ``hoffmann2022-tex`` or ``quokka2025-approach1``; see the table ``published_laws``.

    Raises
    ------
    UnknownName
        If there is no such law.
    Misuse
        If it says nothing about the optimum.

    Examples
    --------
    >>> from scalebook.corpus.database import open_corpus
    >>> with open_corpus() as corpus:
    ...     frontier = published_frontier(corpus, "quokka2025-approach1")
    >>> round(frontier.params.flops_for(1e9) / 1e18)
    562
    """
    law = published(corpus, name)
    known = law.coefficients
    if {"kN", "a", "kD", "b"} <= known.keys():
        params, tokens = PowerLaw.of(known["kN"], known["a"]), PowerLaw.of(known["kD"], known["b"])
    elif set(COEFFICIENTS) <= known.keys() and law.form == "L(N,D) = E + A/N^alpha + B/D^beta":
        params, tokens = closed_form(known)
    else:
        raise Misuse(f"{law.name} ({law.form}) states no optimal size: it has {', '.join(known)}")
    return Frontier("published", law.name, "found", "", params, tokens)
