r"""Downstream error from validation loss: flat at chance, falling as the loss does.

.. math:: \mathrm{Err}(L) = \epsilon - k e^{-\gamma L}

References
----------
.. [1] Gadre et al. (2024), Language models scale reliably with over-training and on downstream tasks,
   arXiv:2403.08540, equation 5.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(loss: Array, *, epsilon: Array, k: Array, gamma: Array) -> Array:
    """Average top-1 error in a fraction of one.

    Parameters
    ----------
    loss : array
        Validation loss in nats per token.
    epsilon, k, gamma : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Average top-1 error in a fraction of one.

    Examples
    --------
    >>> round(float(predict(2.5, epsilon=0.85, k=2.08, gamma=0.756)), 4)
    0.5358
    """
    return epsilon - k * np.exp(-gamma * loss)


LAW = Law(
    predict=predict,
    inputs=("loss",),
    cite="gadre2024",
    coefficients={
        "epsilon": Coefficient("error at high loss", "fraction", linear=True),
        "k": Coefficient("depth of the fall", "fraction", linear=True),
        "gamma": Coefficient("rate of the fall", "token/nat", high=20.0, start=(0.1, 4.0)),
    },
    target="error",
)
