r"""Loss from model size and training tokens, read off runs of constant learning rate that decay at any time.

.. math:: L(N, D) = C_N N^{-\alpha} + C_D D^{-\beta} + L_0

References
----------
.. [1] Hu et al. (2024), MiniCPM: Unveiling the Potential of Small Language Models, arXiv:2404.06395, equation 2.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, C_N: Array, C_D: Array, alpha: Array, beta: Array, L_0: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    C_N, C_D, alpha, beta, L_0 : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(2.4e9, 1e12, C_N=100.0, C_D=300.0, alpha=0.29, beta=0.23, L_0=1.5), 4)
    2.2118
    """
    return C_N * params**-alpha + C_D * tokens**-beta + L_0


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="hu2024",
    coefficients={
        "C_N": Coefficient("loss left by a finite model", "nats/token", linear=True, dims={"params": "alpha"}),
        "C_D": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "beta"}),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.05, 1.2)),
        "beta": Coefficient("power of training tokens", high=3.0, start=(0.05, 1.2)),
        "L_0": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
    },
)
