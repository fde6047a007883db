r"""Baseline: the last loss seen, of the largest model at its latest checkpoint.

.. math:: L = L_i, \quad i = \arg\max (N_i, D_i)

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840, section 4.
"""

from __future__ import annotations

import numpy as np

from ..law import Array, Coefficient, Columns, Law


def predict(*, level: Array) -> Array:
    """The level, whatever the model.

    Examples
    --------
    >>> predict(level=2.5)
    2.5
    """
    return level


def estimate(data: Columns) -> dict[str, float]:
    """The loss of the row with most tokens (else most compute, else the last row) of the largest model.

    Examples
    --------
    >>> estimate({"params": [1e8, 1e9, 1e9], "tokens": [9e9, 2e9, 1e9], "loss": [3.0, 2.5, 2.75]})
    {'level': 2.5}
    """
    loss = np.asarray(data["loss"], dtype=float)
    order = [np.asarray(data[name], dtype=float) for name in ("flops", "tokens", "params") if name in data]
    return {"level": float(loss[np.lexsort([np.arange(len(loss)), *order])[-1]])}


LAW = Law(
    predict=predict,
    inputs=(),
    cite="choshen2024",
    coefficients={"level": Coefficient("last loss seen", "nats/token", linear=True)},
    estimate=estimate,
)
