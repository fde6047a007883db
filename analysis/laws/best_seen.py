r"""Baseline: the best loss seen so far, for every model.

.. math:: L = \min_i L_i

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
    """The lowest loss.

    Examples
    --------
    >>> estimate({"loss": [3.0, 2.5, 2.75]})
    {'level': 2.5}
    """
    return {"level": float(np.min(data["loss"]))}


LAW = Law(
    predict=predict,
    inputs=(),
    cite="choshen2024",
    coefficients={"level": Coefficient("lowest loss seen", "nats/token", linear=True)},
    estimate=estimate,
)
