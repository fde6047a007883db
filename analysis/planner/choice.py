"""The choice of a recipe to continue, from the forecasts of all and from what the next run of each would cost and tell.

Thompson sampling draws one loss of every recipe and continues the lowest, so that a recipe is continued as often as it
may be the best [1]_. Expected improvement continues the recipe from which most loss can be hoped to be gained on the
best forecast of the others, per FLOP of its next run [2]_. The design continues the one whose next run removes most
variance per FLOP. The command and the simulation choose by these functions and by no others.

References
----------
.. [1] Thompson (1933), On the likelihood that one unknown probability exceeds another, Biometrika 25; Russo et al.
   (2018), A tutorial on Thompson sampling.
.. [2] Jones, Schonlau and Welch (1998), Efficient global optimization of expensive black-box functions, Journal of
   Global Optimization 13; per unit of cost as in Snoek, Larochelle and Adams (2012), arXiv:1206.2944, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import erf, exp, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Policy = Literal["thompson", "ei", "design"]

Choice = Callable[["Standing", np.random.Generator], int]

#: Draws for the probability of being best.
DRAWS = 4000


@dataclass(frozen=True)
class Standing:
    """What is known of some recipes, and what their next runs would cost and tell; arrays of shape (n,).

    Parameters
    ----------
    mean : array
        Forecast of the log loss at the target.
    covariance : array, shape (n, n)
        Of the errors of these forecasts, which have much in common.
    flops : array
        Cost of the next run, in any unit; infinite for a recipe that cannot be continued.
    removed : array
        Variance of the forecast that the next run would remove.
    """

    mean: Array
    covariance: Array
    flops: Array
    removed: Array

    @property
    def sd(self) -> Array:
        """Standard deviation of every forecast."""
        found: Array = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return found

    @property
    def open(self) -> list[int]:
        """Recipes that can be continued."""
        found: list[int] = np.flatnonzero(np.isfinite(self.flops)).tolist()
        return found


def draws(standing: Standing, rng: np.random.Generator, count: int = DRAWS) -> Array:
    """Log losses at the target as they may be, shape (count, n)."""
    spread, ways = np.linalg.eigh(standing.covariance)
    root = ways * np.sqrt(np.maximum(spread, 0.0))
    found: Array = standing.mean + rng.standard_normal((count, len(standing.mean))) @ root.T
    return found


def best_probability(drawn: Array) -> Array:
    """Share of draws in which each recipe has the lowest loss, shape (n,)."""
    share: Array = np.bincount(drawn.argmin(axis=1), minlength=drawn.shape[1]) / len(drawn)
    return share


def improvements(standing: Standing) -> list[float]:
    """Loss that each recipe is expected to gain on the best forecast of the others, counting none where it gains none.

    The best of the others is taken as known, and with it what its error says of the recipe's own.
    """
    mean, covariance = standing.mean, standing.covariance
    gains = []
    for k in range(len(mean)):
        best = min((j for j in range(len(mean)) if j != k), key=lambda j: float(mean[j]))
        shared = covariance[k, best] ** 2 / covariance[best, best] if covariance[best, best] > 0 else 0.0
        left = sqrt(max(float(covariance[k, k] - shared), 0.0))
        gains.append(improvement(exp(mean[k]), left, exp(mean[best])))
    return gains


def improvement(loss: float, sd: float, best: float) -> float:
    """E[max(best - L, 0)] for log L normal about log loss: the price of a put option, by Black's formula.

    Examples
    --------
    >>> round(improvement(2.0, 0.01, 2.0), 5)
    0.00793
    """
    if sd <= 0:
        return max(best - loss, 0.0)
    mean = loss * exp(sd**2 / 2)
    d = log(best / loss) / sd
    return best * _normal(d) - mean * _normal(d - sd)


def _normal(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


def thompson(standing: Standing, rng: np.random.Generator) -> int:
    """The lowest of one draw of every recipe."""
    drawn = draws(standing, rng, 1)[0]
    return min(standing.open, key=lambda k: float(drawn[k]))


def ei(standing: Standing, rng: np.random.Generator) -> int:
    """The largest expected improvement per FLOP."""
    gain = improvements(standing)
    return max(standing.open, key=lambda k: gain[k] / float(standing.flops[k]))


def design(standing: Standing, rng: np.random.Generator) -> int:
    """The most variance removed per FLOP."""
    return max(standing.open, key=lambda k: float(standing.removed[k] / standing.flops[k]))


#: Ways to choose; each takes a standing with a recipe that can be continued, and what draws come from.
CHOICES: Mapping[Policy, Choice] = {
    "thompson": thompson,
    "ei": ei,
    "design": design,
}
