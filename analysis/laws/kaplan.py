r"""Loss from model size and training tokens, each of which may be the bottleneck.

.. math:: L(N, D) = \left[ (N_c / N)^{a_N / a_D} + D_c / D \right]^{a_D}

References
----------
.. [1] Kaplan et al. (2020), Scaling Laws for Neural Language Models, arXiv:2001.08361, equation 1.5.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, N_c: Array, D_c: Array, a_N: Array, a_D: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N without embeddings and training tokens D; any shapes that broadcast.
    N_c, D_c, a_N, a_D : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(1.5e9, 2.2e10, N_c=6.4e13, D_c=1.8e13, a_N=0.076, a_D=0.103), 4)
    2.3125
    """
    return ((N_c / params) ** (a_N / a_D) + D_c / tokens) ** a_D


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="kaplan2020",
    coefficients={
        "N_c": Coefficient(
            "scale of model size", "parameters", start=(0.3, 3.0), log=True, power="a_N", dims={"params": 1.0}
        ),
        "D_c": Coefficient(
            "scale of training tokens", "tokens", start=(0.3, 3.0), log=True, power="a_D", dims={"tokens": 1.0}
        ),
        "a_N": Coefficient("power of model size", low=1e-3, high=3.0, start=(0.03, 0.3)),
        "a_D": Coefficient("power of training tokens", low=1e-3, high=3.0, start=(0.03, 0.3)),
    },
)
