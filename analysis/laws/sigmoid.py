r"""Accuracy from training compute: from chance to a ceiling, as a sigmoid of the logarithm.

.. math:: \mathrm{Acc}(C) = b + \frac{a}{1 + (C / C_0)^{-k}}

References
----------
.. [1] Ruan et al. (2024), Observational Scaling Laws, arXiv:2405.10938, section 3: a sigmoid of log compute.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(flops: Array, *, a: Array, b: Array, C_0: Array, k: Array) -> Array:
    """Accuracy in a fraction of one.

    Parameters
    ----------
    flops : array
        Training compute C in FLOPs.
    a, b, C_0, k : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Accuracy in a fraction of one.

    Examples
    --------
    >>> round(predict(1e22, a=0.75, b=0.25, C_0=1e22, k=0.6), 4)
    0.625
    """
    return b + a / (1 + (flops / C_0) ** -k)


LAW = Law(
    predict=predict,
    inputs=("flops",),
    cite="ruan2024",
    coefficients={
        "a": Coefficient("rise from chance to the ceiling", "fraction", linear=True),
        "b": Coefficient("accuracy by chance", "fraction", linear=True),
        "C_0": Coefficient("compute half-way up", "FLOP", start=(1e-2, 1e2), log=True, dims={"flops": 1.0}),
        "k": Coefficient("steepness", low=0.01, high=20.0, start=(0.2, 3.0)),
    },
    target="accuracy",
)
