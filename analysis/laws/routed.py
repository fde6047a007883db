r"""Loss of routed language models from the size that a token passes through and the number of experts.

.. math::
    \log_{10} L(N, E) = a \log_{10} N + b \log_{10} \hat E + c \log_{10} N \, \log_{10} \hat E + d, \quad
    \frac{1}{\hat E} = \frac{1}{E - 1 + \left( \frac{1}{E_{start}} - \frac{1}{E_{max}} \right)^{-1}} + \frac{1}{E_{max}}

All runs see the same tokens, so that the law has none. The paper writes log; that it is the decimal one follows from
its coefficients, with which a dense model of 1.3 billion parameters has a loss of 2.24 (and of .57 by the natural one).

References
----------
.. [1] Clark et al. (2022), Unified Scaling Laws for Routed Language Models, arXiv:2202.01169, equation 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..law import Array, Coefficient, Law


def predict(
    params: Array,
    experts: Array,
    *,
    a: Array,
    b: Array,
    c: Array,
    d: Array,
    E_start: Array,
    E_max: Array,
) -> Array:
    """Loss in nats per token.

    Parameters
    ----------
    params, experts : array
        Parameters N that one token passes through, without embeddings, and experts E per routed layer.
    a, b, c, d, E_start, E_max : float or array
        Coefficients, see `LAW`.

    Returns
    -------
    array
        Loss in nats per token.

    Examples
    --------
    >>> s_base = {"a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104, "E_start": 1.847, "E_max": 314.478}
    >>> round(float(predict(1.3e9, 1, **s_base)), 2), round(float(predict(1.3e9, 64, **s_base)), 2)
    (2.24, 2.05)
    """
    size, most = np.log(params) / math.log(10), np.log(effective(experts, E_start, E_max)) / math.log(10)
    loss: Array = np.exp(math.log(10) * (a * size + b * most + c * size * most + d))
    return loss


def effective(experts: Any, E_start: Any, E_max: Any) -> Any:
    """Experts that count: E_start where there is one, and E_max where there are very many.

    Examples
    --------
    >>> [round(effective(n, 2.0, 300.0), 1) for n in (1, 64, 1e9)]
    [2.0, 53.4, 300.0]
    """
    return 1 / (1 / (experts - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max)


LAW = Law(
    predict=predict,
    inputs=("params", "experts"),
    cite="clark2022",
    coefficients={
        "a": Coefficient("power of the size of a dense model", low=-math.inf, high=0.0, start=(-0.2, -0.02)),
        "b": Coefficient("power of the experts, of a model of one parameter", low=-math.inf, start=(-0.3, -0.02)),
        "c": Coefficient(
            "what the power of the size loses with each decade of experts", low=-math.inf, start=(0.0, 0.03)
        ),
        "d": Coefficient("decimal logarithm of the level", "log10(nats/token)", low=-math.inf, start=(0.5, 2.0)),
        "E_start": Coefficient("experts that a single one is worth", low=1.0, high=30.0, start=(1.2, 6.0), log=True),
        "E_max": Coefficient(
            "experts that no number is worth more than", low=31.0, high=1e5, start=(1e2, 1e3), log=True
        ),
    },
)
