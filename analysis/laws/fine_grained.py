r"""Loss of mixtures of experts from size, training tokens and granularity: finer experts make a parameter worth more.

.. math:: L(N, D, G) = c + \left( \frac{g}{G^\gamma} + a \right) N^{-\alpha} + b D^{-\beta}

N counts all parameters without embeddings, those of idle experts too. G is the width of a usual feed-forward layer over
that of an expert; a token passes through G of G E experts, so that G changes neither N nor what is active.

References
----------
.. [1] Krajewski et al. (2024), Scaling Laws for Fine-Grained Mixture of Experts, arXiv:2402.07871, equation 9.
"""

from __future__ import annotations

from ..law import Array, Coefficient, Law


def predict(
    params: Array,
    tokens: Array,
    granularity: Array,
    *,
    c: Array,
    g: Array,
    gamma: Array,
    a: Array,
    alpha: Array,
    b: Array,
    beta: Array,
) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens, granularity : array
        All parameters N without embeddings, training tokens D, and granularity G; any shapes that broadcast.
    c, g, gamma, a, alpha, b, beta : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> published = {"c": 0.47, "g": 2.1, "gamma": 0.58, "a": 18.1, "alpha": 0.115, "b": 30.8, "beta": 0.147}
    >>> round(predict(43e9, 28.94e9, 16, **published), 2)
    2.47
    """
    return c + (g * granularity**-gamma + a) * params**-alpha + b * tokens**-beta


LAW = Law(
    predict=predict,
    inputs=("params", "tokens", "granularity"),
    cite="krajewski2024",
    coefficients={
        "c": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "g": Coefficient(
            "what coarse experts add to a",
            "nats/token",
            linear=True,
            dims={"params": "alpha", "granularity": "gamma"},
        ),
        "gamma": Coefficient("power of granularity", high=3.0, start=(0.1, 1.5)),
        "a": Coefficient(
            "loss left by a finite model of finest experts", "nats/token", linear=True, dims={"params": "alpha"}
        ),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.05, 1.2)),
        "b": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "beta"}),
        "beta": Coefficient("power of training tokens", high=3.0, start=(0.05, 1.2)),
    },
)
