r"""Loss from model size and training tokens with one power for both.

.. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\alpha}

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840: few of the five
   coefficients vary independently.
.. [2] Muennighoff et al. (2023), Scaling Data-Constrained Language Models, arXiv:2305.16264, who tie the powers.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, A: Array, B: Array, alpha: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, A, B, alpha : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(70e9, 1.4e12, E=1.87, A=521.0, B=1488.0, alpha=0.353), 4)
    2.0241
    """
    return E + A * params**-alpha + B * tokens**-alpha


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="muennighoff2023",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient("loss left by a finite model", "nats/token", linear=True, dims={"params": "alpha"}),
        "B": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "alpha"}),
        "alpha": Coefficient("power of model size and of training tokens", high=3.0, start=(0.05, 1.2)),
    },
)
