r"""Loss from training compute alone.

.. math:: L(C) = E + (C / C_0)^{-a}

References
----------
.. [1] Hestness et al. (2017), Deep Learning Scaling is Predictable, Empirically, arXiv:1712.00409.
.. [2] Dey et al. (2023), Cerebras-GPT, arXiv:2304.03208, section 3.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(flops: Array, *, E: Array, C_0: Array, a: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    flops : array
        Training compute C in FLOPs.
    E, C_0, a : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(2.3e22, E=0.5066, C_0=5.984e22, a=0.0737), 3)
    1.58
    """
    return E + (flops / C_0) ** -a


LAW = Law(
    predict=predict,
    inputs=("flops",),
    cite="dey2023",
    coefficients={
        "E": Coefficient("loss at infinite compute", "nats/token", linear=True),
        "C_0": Coefficient(
            "compute at which the reducible loss is one", "FLOP", linear=True, power="a", dims={"flops": 1.0}
        ),
        "a": Coefficient("power of compute", low=1e-6, high=3.0, start=(0.02, 0.6)),
    },
)
