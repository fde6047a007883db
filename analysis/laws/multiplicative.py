r"""Loss as a product of a power of model size and a power of training tokens, above a floor.

.. math:: L(N, D) = E + A N^{-\alpha} D^{-\beta}

Of the paper's two levels, one for size and one for tokens, only the product can be known; it is A here.

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840, appendix.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, A: Array, alpha: Array, beta: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, A, alpha, beta : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(1e9, 1e10, E=1.5, A=100.0, alpha=0.1, beta=0.1), 4)
    2.7589
    """
    return E + A * params**-alpha * tokens**-beta


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="choshen2024",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient(
            "level of the reducible loss", "nats/token", linear=True, dims={"params": "alpha", "tokens": "beta"}
        ),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.02, 0.8)),
        "beta": Coefficient("power of training tokens", high=3.0, start=(0.02, 0.8)),
    },
)
