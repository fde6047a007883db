r"""Loss from training compute and tokens per parameter: over-training shifts the law and keeps its power.

.. math:: L(C, M) = E + (a M^{\eta} + b M^{-\eta}) C^{-\eta}, \quad M = D / N, \quad C = 6 N D

References
----------
.. [1] Gadre et al. (2024), Language models scale reliably with over-training and on downstream tasks,
   arXiv:2403.08540, equation 4.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(params: Array, tokens: Array, *, E: Array, a: Array, b: Array, eta: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens : array
        Model size N and training tokens D; any shapes that broadcast.
    E, a, b, eta : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(6.9e9, 138e9, E=1.84, a=212.0, b=367.0, eta=0.136), 4)
    2.4586
    """
    M, C = tokens / params, 6 * params * tokens
    return E + (a * M**eta + b * M**-eta) * C**-eta


LAW = Law(
    predict=predict,
    inputs=("params", "tokens"),
    cite="gadre2024",
    coefficients={
        "E": Coefficient("irreducible loss", "nats/token", linear=True),
        "a": Coefficient("loss left by a finite model", "nats/token", linear=True, dims={"params": "2*eta"}),
        "b": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "2*eta"}),
        "eta": Coefficient("power of compute", high=2.0, start=(0.02, 0.6)),
    },
)
