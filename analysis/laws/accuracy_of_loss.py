r"""Accuracy from the loss on the task: the second step of a ladder, whose first predicts that loss.

.. math:: \mathrm{Acc}(L) = \frac{a}{1 + e^{k (L - L_0)}} + b

References
----------
.. [1] Bhagia et al. (2024), Establishing Task Scaling Laws via Compute-Efficient Model Ladders, arXiv:2412.04403.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(loss: Array, *, a: Array, b: Array, k: Array, L_0: Array) -> Array:
    """Accuracy in a fraction of one.

    Parameters
    ----------
    loss : array
        Loss on the task in nats per token.
    a, b, k, L_0 : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Accuracy in a fraction of one.

    Examples
    --------
    >>> round(float(predict(1.0, a=0.75, b=0.25, k=5.0, L_0=1.0)), 4)
    0.625
    """
    accuracy: Array = a / (1 + np.exp(k * (loss - L_0))) + b
    return accuracy


LAW = Law(
    predict=predict,
    inputs=("loss",),
    cite="bhagia2024",
    coefficients={
        "a": Coefficient("rise from chance to the ceiling", "fraction", linear=True),
        "b": Coefficient("accuracy by chance", "fraction", linear=True),
        "k": Coefficient("steepness", "token/nat", low=0.01, high=50.0, start=(1.0, 8.0)),
        "L_0": Coefficient("loss half-way up", "nats/token", high=20.0, start=(0.5, 4.5)),
    },
    target="accuracy",
)
