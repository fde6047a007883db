r"""The Chinchilla form with three free coefficients: each power is tied to the logarithm of its level.

.. math::
    L(N, D) = E + e^{a - \alpha \ln N} + e^{b - \beta \ln D}, \quad
    \alpha = 0.0116280 + 0.05004588\, a, \quad \beta = 0.23710262 + 0.03844353\, b

The ties were estimated over many families, in which few of the five coefficients vary independently; they hold in
parameters and tokens, not in billions of them. Ties of one's own are made by `scalebook.analysis.subspace`.

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840, section 8 and code.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, a: Array, b: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, a, b : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(float(predict(70e9, 1.4e12, E=1.87, a=6.255414, b=7.3049974)), 4)
    2.0276
    """
    alpha = 0.0116280 + 0.05004588 * a
    beta = 0.23710262 + 0.03844353 * b
    loss: Array = E + np.exp(a) * params**-alpha + np.exp(b) * tokens**-beta
    return loss


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="choshen2024",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "a": Coefficient("logarithm of the level A of model size", low=0.0, high=60.0, start=(1.0, 14.0)),
        "b": Coefficient("logarithm of the level B of training tokens", low=-5.0, high=60.0, start=(1.0, 20.0)),
    },
)
