r"""Bits per character fall linearly in the logarithm of compute.

.. math:: \mathrm{BPC} = a \ln(N D) + b

N is counted in billions and D in trillions, as in the fit that this repeats: b is the value at N D = 1e21.

References
----------
.. [1] Guo (2024), More Compute Is What You Need, arXiv:2404.19484.
.. [2] Huang et al. (2024), Compression Represents Intelligence Linearly, arXiv:2404.09937 (the data).
"""

from __future__ import annotations

import math

import numpy as np

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, a: Array, b: Array) -> Array:
    """Compression in bits per character.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    a, b : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Compression in bits per character.

    Examples
    --------
    >>> round(float(predict(7e9, 2e12, a=-0.0308, b=0.573)), 4)
    0.4917
    """
    return a * np.log(params * tokens / 1e21) + b


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="guo2024",
    coefficients={
        "a": Coefficient(
            "change with the logarithm of compute", "bits/character", low=-math.inf, high=0.0, linear=True
        ),
        "b": Coefficient("value at a billion parameters and a trillion tokens", "bits/character", linear=True),
    },
    target="bpc",
)
