r"""Loss from training compute as a power law that bends smoothly once.

.. math:: L(C) = a + b C^{-c_0} \left( 1 + (C / d_1)^{1 / f_1} \right)^{-c_1 f_1}

References
----------
.. [1] Caballero et al. (2022), Broken Neural Scaling Laws, arXiv:2210.14891, equation 1 with one break.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(flops: Array, *, a: Array, b: Array, c_0: Array, c_1: Array, d_1: Array, f_1: Array) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    flops : array
        Training compute C in FLOPs.
    a, b, c_0, c_1, d_1, f_1 : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> round(predict(1e21, a=1.5, b=1e3, c_0=0.15, c_1=0.1, d_1=1e20, f_1=0.5), 4)
    2.0621
    """
    return a + b * flops**-c_0 * (1 + (flops / d_1) ** (1 / f_1)) ** (-c_1 * f_1)


LAW = Law(
    predict=predict,
    inputs=("flops",),
    cite="caballero2022",
    coefficients={
        "a": Coefficient("loss at infinite compute", "nats/token", linear=True),
        "b": Coefficient("level before the break", "nats/token", linear=True, dims={"flops": "c_0"}),
        "c_0": Coefficient("power before the break", high=3.0, start=(0.02, 0.5)),
        "c_1": Coefficient("change of the power at the break", low=-3.0, high=3.0, start=(-0.2, 0.6)),
        "d_1": Coefficient("compute at the break", "FLOP", start=(1e-2, 1e2), log=True, dims={"flops": 1.0}),
        "f_1": Coefficient("width of the break in log compute", low=0.05, high=20.0, start=(0.1, 2.0), log=True),
    },
)
