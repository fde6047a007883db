r"""Loss from model size and training tokens, each with its own power.

.. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.3.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, A: Array, B: Array, alpha: Array, beta: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, A, B, alpha, beta : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(70e9, 1.4e12, E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28), 4)
    1.9366
    """
    return E + A * params**-alpha + B * tokens**-beta


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="hoffmann2022",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient("loss left by a finite model", "nats/token", linear=True, dims={"params": "alpha"}),
        "B": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "beta"}),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.05, 1.2)),
        "beta": Coefficient("power of training tokens", high=3.0, start=(0.05, 1.2)),
    },
)
