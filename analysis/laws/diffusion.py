r"""Loss bound of diffusion language models on repeated data: a U-shape in epochs.

.. math::
    L(N, D, U) = E + A N^{-\alpha} + B D'^{-\beta}, \quad
    D' = U e^p \exp\left[-\left(\frac{\max(0, e - 1)}{e_p}\right)^g\right], \quad
    e = D / U, \quad e_p = c\, U^m N^{-k}

In one epoch and with p = 1 it is the Chinchilla form, which the paper fits to 2.413 + 798.6 / N^.379 + 4604.9 / D^.378.

References
----------
.. [1] Ni et al. (2025), Training Optimal Large Diffusion Language Models (Quokka), arXiv:2510.03280, section 4.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(
    params: Array,
    tokens: Array,
    unique_tokens: Array,
    *,
    E: Array,
    A: Array,
    B: Array,
    alpha: Array,
    beta: Array,
    p: Array,
    c: Array,
    m: Array,
    k: Array,
    g: Array,
) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens, unique_tokens : array
        Model size N, training tokens D, repeats included, and tokens U of the data set.
    E, A, B, alpha, beta, p, c, m, k, g : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> curve = {"E": 0.0, "A": 1535.23, "B": 54.21, "alpha": 0.42, "beta": 0.13, "p": 1.49}
    >>> wear = {"c": 254.35, "m": 0.39, "k": 0.55, "g": 0.4}
    >>> [round(float(predict(1e9, 1e9 * e, 1e9, **curve, **wear)), 3) for e in (1, 100, 10000)]
    [3.92, 2.356, 5.419]
    """
    epochs = tokens / unique_tokens
    worn = np.maximum(epochs - 1, 1e-9) / (c * unique_tokens**m * params**-k)
    return E + A * params**-alpha + B * (unique_tokens * epochs**p) ** -beta * np.exp(beta * worn**g)


LAW = Law(
    predict=predict,
    inputs=("params", "tokens", "unique_tokens"),
    cite="ni2025",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient("loss left by a finite model", "nats/token", linear=True, dims={"params": "alpha"}),
        "B": Coefficient("loss left by finite data", "nats/token", linear=True, dims={"tokens": "beta"}),
        "alpha": Coefficient("power of model size", high=3.0, start=(0.1, 0.8)),
        "beta": Coefficient("power of effective tokens", high=3.0, start=(0.1, 0.8)),
        "p": Coefficient("power of epochs in effective tokens", high=5.0, start=(0.5, 2.0)),
        "c": Coefficient(
            "scale of the epochs after which data wear out",
            start=(10.0, 300.0),
            log=True,
            dims={"tokens": "-m", "params": "k"},
        ),
        "m": Coefficient("power of unique tokens in it", high=3.0, start=(0.1, 0.8)),
        "k": Coefficient("power of model size in it", high=3.0, start=(0.1, 0.8)),
        "g": Coefficient("sharpness of the wear", low=0.05, high=5.0, start=(0.3, 1.5), log=True),
    },
    same_unit={"unique_tokens": "tokens"},
)
