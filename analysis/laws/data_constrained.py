r"""Loss when data are repeated: a token seen again is worth less each time, and so is a parameter in excess.

.. math::
    L(N, D, U) = E + A N'^{-\alpha} + B D'^{-\beta}, \quad
    D' = U_D + U_D R_D^* (1 - e^{-R_D / R_D^*}), \quad N' = U_N + U_N R_N^* (1 - e^{-R_N / R_N^*})

U_D is the unique tokens seen and R_D = D / U_D - 1 their repeats; U_N is the model size that is compute-optimal for
U_D, or N if that is smaller, and R_N = N / U_N - 1.

References
----------
.. [1] Muennighoff et al. (2023), Scaling Data-Constrained Language Models, arXiv:2305.16264, equations 5 and 6.
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
    R_D: Array,
    R_N: Array,
) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, tokens, unique_tokens : array
        Model size N, training tokens D, repeats included, and tokens of the data set.
    E, A, B, alpha, beta, R_D, R_N : float or array
        Coefficients, see `LAW`; R_D and R_N are the paper's R_D^* and R_N^*.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> published = {"E": 1.86914, "A": 520.825, "B": 1487.716, "alpha": 0.3526596, "beta": 0.3526596}
    >>> round(float(predict(2.8e9, 5.5e10, 1.4e10, R_D=15.387756, R_N=5.309743, **published)), 4)
    2.3771
    """
    seen = np.minimum(unique_tokens, tokens)
    useful = np.minimum(params, (alpha * A / (beta * B)) ** (1 / alpha) * seen ** (beta / alpha))
    data = seen * (1 + R_D * (1 - np.exp((1 - tokens / seen) / R_D)))
    model = useful * (1 + R_N * (1 - np.exp((1 - params / useful) / R_N)))
    loss: Array = E + A * model**-alpha + B * data**-beta
    return loss


LAW = Law(
    predict=predict,
    inputs=("params", "tokens", "unique_tokens"),
    cite="muennighoff2023",
    coefficients={
        "E": Coefficient("loss of an infinite model on infinite data", "nats/token", linear=True),
        "A": Coefficient(
            "loss left by a finite model", "nats/token", start=(0.1, 2.0), log=True, dims={"params": "alpha"}
        ),
        "B": Coefficient("loss left by finite data", "nats/token", start=(0.1, 2.0), log=True, dims={"tokens": "beta"}),
        "alpha": Coefficient("power of model size", low=0.01, high=3.0, start=(0.1, 0.8)),
        "beta": Coefficient("power of training tokens", low=0.01, high=3.0, start=(0.1, 0.8)),
        "R_D": Coefficient(
            "repeats after which a token is worth 1/e of a new one", low=0.01, high=1e3, start=(2.0, 50.0), log=True
        ),
        "R_N": Coefficient("the same for excess parameters", low=0.01, high=1e3, start=(1.0, 30.0), log=True),
    },
    same_unit={"unique_tokens": "tokens"},
)
