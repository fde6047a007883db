r"""Loss bound of masked diffusion language models in one epoch: the Chinchilla form with coefficients of their own.

.. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

The paper fits 2.413 + 798.6 / N^.379 + 4604.9 / D^.378. Its form for repeated data is left out: ten coefficients
are printed to two digits, and what they imply is not what the paper says about the best number of epochs.

References
----------
.. [1] Ni et al. (2025), Training Optimal Large Diffusion Language Models (Quokka), arXiv:2510.03280, section 3.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, A: Array, B: Array, alpha: Array, beta: Array) -> Array:
    """Bound of the loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, A, B, alpha, beta : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss bound in nats per token.

    Examples
    --------
    >>> round(predict(1e9, 93.5e9, E=2.413, A=798.6, B=4604.9, alpha=0.379, beta=0.378), 4)
    3.0513
    """
    return E + A * params**-alpha + B * tokens**-beta


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="ni2025",
    coefficients={
        "E": Coefficient("bound of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient("bound left by a finite model", "nats/token", linear=True, dims={"params": "alpha"}),
        "B": Coefficient("bound left by finite data", "nats/token", linear=True, dims={"tokens": "beta"}),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.05, 1.2)),
        "beta": Coefficient("power of training tokens", high=3.0, start=(0.05, 1.2)),
    },
)
