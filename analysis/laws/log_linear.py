r"""Accuracy from training compute: a straight line in the logarithm, far from chance and from the ceiling.

.. math:: \mathrm{Acc}(C) = a \ln(C / 10^{18}) + b

References
----------
.. [1] Ruan et al. (2024), Observational Scaling Laws, arXiv:2405.10938, section 3: capability against log compute.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(flops: Array, *, a: Array, b: Array) -> Array:
    """Accuracy in a fraction of one.

    Parameters
    ----------
    flops : array
        Training compute C in FLOPs.
    a, b : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Accuracy in a fraction of one.

    Examples
    --------
    >>> round(float(predict(1e23, a=0.04, b=0.1)), 4)
    0.5605
    """
    return a * np.log(flops / 1e18) + b


LAW = Law(
    predict=predict,
    inputs=("flops",),
    cite="ruan2024",
    coefficients={
        "a": Coefficient("change with the logarithm of compute", "fraction", linear=True),
        "b": Coefficient("accuracy at 1e18 FLOPs", "fraction", linear=True),
    },
    target="accuracy",
)
