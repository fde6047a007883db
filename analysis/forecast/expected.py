r"""How large an error to expect of a forecast, by what it knows of itself.

.. math:: \log s = b_0 + b_1 \log \sqrt{\sigma^2 + f^2} + b_2 \log \sqrt{h^2 + f^2} + b_3 \log_2 r

where :math:`\sigma` is the forecast's own standard deviation, h the root mean square of its errors where it foretold
the runs at hand, and the target lies r times beyond these. The coefficients are those under which rehearsed errors are
most probable, were their sizes exponential with mean s: a convex problem. An error over s is alike for near and far
targets, steady and erratic runs, so that one quantile of it, learnt from other families, serves them all [1]_.

References
----------
.. [1] Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive inference for regression,
   JASA 113, section 5.2: locally weighted conformal inference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .form import Array

#: A forecast is never surer than this, in log loss: rehearsals with hardly any standard error were wrong by as much.
FLOOR = 0.005
#: Errors smaller than this are as good as this: they were luck.
LUCK = 1e-3
#: Size of an ordinary error, so that coefficients are near zero; and how firmly they are held there where few tell.
USUAL, FIRM = 0.01, 1e-3
_STEPS, _CLOSE = 50, 1e-10


@dataclass(frozen=True)
class Expectation:
    """A fitted regression of the size of errors.

    Parameters
    ----------
    coefficients : array, shape (4,)
        Of a constant, the logarithms of standard deviation and of the error on the runs at hand, and doublings beyond.
    """

    coefficients: Array

    def of(self, table: Array) -> Array:
        """Expected size of errors in log loss, shape (n,); `table` as from `features`."""
        size: Array = np.exp(table @ self.coefficients)
        return size


def features(sd: Array, held_out: Array, ratio: Array) -> Array:
    """What the size of an error is regressed on.

    Parameters
    ----------
    sd, held_out : array, shape (n,)
        Standard deviation of a forecast and root mean square of its errors on the runs at hand, in log loss; where
        nothing could be held out, NaN, the forecast's own standard deviation stands for it.
    ratio : array, shape (n,)
        How many times the target lies beyond the runs, 1 or more.

    Returns
    -------
    array, shape (n, 4)
    """
    known = np.where(np.isnan(held_out), sd, held_out)
    own, shown = (np.log(np.hypot(value, FLOOR) / USUAL) for value in (sd, known))
    return np.stack([np.ones_like(own), own, shown, np.log2(ratio)], axis=-1)


def learn(table: Array, errors: Array, weight: Array) -> Expectation:
    """Coefficients by Newton's method, halving steps that lead up.

    Parameters
    ----------
    table : array, shape (n, 4)
        See `features`.
    errors : array, shape (n,)
        In log loss.
    weight : array, shape (n,)
        Of each.
    """
    size, weight = np.hypot(errors, LUCK), weight / weight.sum()
    hold = np.r_[0.0, np.full(table.shape[1] - 1, 2 * FIRM)]

    def cost(b: Array) -> float:
        return float(weight @ (table @ b + size * np.exp(-table @ b)) + hold @ b**2 / 2)

    b = np.r_[np.log(weight @ size), np.zeros(table.shape[1] - 1)]
    for _ in range(_STEPS):
        pull = weight * size * np.exp(-table @ b)
        slope = table.T @ (weight - pull) + hold * b
        step = np.linalg.solve((table * pull[:, None]).T @ table + np.diag(hold), slope)
        while cost(b - step) > cost(b) + _CLOSE:
            step /= 2
        b = b - step
        if slope @ step < _CLOSE:
            break
    return Expectation(b)
