r"""Loss of dense models and mixtures of experts from active size, training tokens and the number of experts.

.. math::
    L(N, D, E) = a \hat E^\delta N^{\alpha + \gamma \ln \hat E} + b \hat E^\omega D^{\beta + \zeta \ln \hat E} + c

with the effective number of experts :math:`1/\hat E = 1/(E - 1 + (1/E_{start} - 1/E_{max})^{-1}) + 1/E_{max}`. N counts
what one token passes through, embeddings included. The powers are negative, as the paper writes them.

References
----------
.. [1] Ludziejewski et al. (2025), Joint MoE Scaling Laws: Mixture of Experts Can Be Memory Efficient,
   arXiv:2502.05172, equation 6.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Law


def predict(
    params: Array,
    tokens: Array,
    experts: Array,
    *,
    a: Array,
    alpha: Array,
    delta: Array,
    gamma: Array,
    b: Array,
    beta: Array,
    omega: Array,
    zeta: Array,
    c: Array,
    E_start: Array,
    E_max: Array,
) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens, experts : array
        Active parameters N with embeddings, training tokens D, and experts E per layer; any shapes that broadcast.
    a, alpha, delta, gamma, b, beta, omega, zeta, c, E_start, E_max : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> model = {"a": 35.91, "alpha": -0.1889, "delta": -0.2285, "gamma": 0.0098}
    >>> data = {"b": 35.98, "beta": -0.1775, "omega": 0.5529, "zeta": -0.0259}
    >>> rest = {"c": 1.3637, "E_start": 2.0732, "E_max": 290.4521}
    >>> [round(float(predict(1e9, 2e10, n, **model, **data, **rest)), 3) for n in (1, 8)]
    [2.578, 2.509]
    """
    most = -np.log(1 / (experts - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max)
    model = np.exp(delta * most + (alpha + gamma * most) * np.log(params))
    data = np.exp(omega * most + (beta + zeta * most) * np.log(tokens))
    loss: Array = a * model + b * data + c
    return loss


LAW = Law(
    predict=predict,
    inputs=("params", "tokens", "experts"),
    cite="ludziejewski2025",
    coefficients={
        "a": Coefficient("level of what a finite model leaves", "nats/token", start=(5.0, 200.0), log=True),
        "alpha": Coefficient("power of active size, of one effective expert", low=-3.0, high=0.0, start=(-0.25, -0.1)),
        "delta": Coefficient("power of experts in what the model leaves", low=-3.0, high=3.0, start=(-0.5, 0.5)),
        "gamma": Coefficient("change of alpha with experts", low=-1.0, high=1.0, start=(-0.05, 0.05)),
        "b": Coefficient("level of what finite data leave", "nats/token", start=(5.0, 200.0), log=True),
        "beta": Coefficient(
            "power of training tokens, of one effective expert", low=-3.0, high=0.0, start=(-0.25, -0.1)
        ),
        "omega": Coefficient("power of experts in what the data leave", low=-3.0, high=3.0, start=(-0.5, 0.5)),
        "zeta": Coefficient("change of beta with experts", low=-1.0, high=1.0, start=(-0.05, 0.05)),
        "c": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "E_start": Coefficient("experts that a single one is worth", low=1.0, high=30.0, start=(1.2, 6.0), log=True),
        "E_max": Coefficient(
            "experts that no number is worth more than", low=31.0, high=1e5, start=(1e2, 1e3), log=True
        ),
    },
)
