r"""Compute-optimal model size as a power of compute, from the minima of curves of equal compute.

.. math:: N^*(C) = k C^a

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.
.. [2] Porian et al. (2024), Resolving Discrepancies in Compute-Optimal Scaling, arXiv:2406.19146.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(flops: Array, *, k: Array, a: Array) -> Array:
    """Model size in parameters.

    Parameters
    ----------
    flops : array
        Training compute C in FLOPs.
    k, a : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Model size in parameters.

    Examples
    --------
    >>> f"{predict(5.62e20, k=0.0216, a=0.514):.3g}"
    '1e+09'
    """
    return k * flops**a


LAW = Law(
    predict=predict,
    inputs=("flops",),
    cite="hoffmann2022",
    coefficients={
        "k": Coefficient("size at a single FLOP", "parameters", linear=True, dims={"flops": "-a"}),
        "a": Coefficient("power of compute", high=3.0, start=(0.1, 1.2)),
    },
    target="params",
)
