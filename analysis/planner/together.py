r"""Forecasts of several recipes at once: what one shows of the law, and of its misfit, holds for the others too.

.. math:: \log L_k = \log f(N, D; \theta_k) + \delta_k(\log N, \log D) + u_{run}

Each recipe has the law, the misfit and the scatter of `belief`. The coefficients of two recipes are correlated, and so
are their misfits, as in the linear model of coregionalisation [1]_. How closely recipes are related is learnt from sets
of recipes of the corpus, see `kinship`. The law is taken as linear about one set of coefficients for all recipes.

Forecasts that are made of each recipe alone err by several times as much as two recipes differ, and err alike. Where
one recipe has larger runs than the other, that common error looks like a difference; together, it cancels.

References
----------
.. [1] Bonilla, Chai and Williams (2007), Multi-task Gaussian process prediction, NIPS 20; Goovaerts (1997),
   Geostatistics for Natural Resources Evaluation, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ..law import laws
from ..points import Mask, Points
from .belief import LAW, UNIT, Array, Belief, Places, Prior, Scatter, covariance, gradient
from .candidates import Target
from .measured import measured

#: Largest step of a coefficient's logarithm.
_STEP = 1.0


@dataclass(frozen=True)
class Kinship:
    """How closely recipes are related.

    Parameters
    ----------
    law : float
        Correlation of the coefficients of two recipes; they share the unit of the loss in any case.
    misfit : float
        Correlation of their misfits.
    """

    law: float
    misfit: float


@dataclass(frozen=True)
class Recipes:
    """Ends of runs of several recipes. Losses before the end depend on the schedule that is still to come.

    Parameters
    ----------
    beliefs : sequence of Belief
        What each recipe says alone, of all its checkpoints; its scatter and where its law lies are taken from there.
    places : Places
        Where the ends of all runs were measured.
    log_loss : array, shape (n,)
        What was measured.
    recipe : array of int, shape (n,)
        Whose it is.
    """

    beliefs: Sequence[Belief]
    places: Places
    log_loss: Array
    recipe: NDArray[np.int64]

    @classmethod
    def of(cls, recipes: Sequence[Points], beliefs: Sequence[Belief], ratio: float) -> Recipes:
        """Ends of runs; `ratio` is the target's number of tokens per parameter."""
        told = [measured(points, ratio, points.final) for points in recipes]
        joined = joined_places([places for places, _ in told])
        recipe = np.repeat(np.arange(len(told)), [len(places) for places, _ in told])
        return cls(beliefs, joined, np.concatenate([loss for _, loss in told]), recipe)


def joined_places(several: Sequence[Places]) -> Places:
    """Places of several recipes as one, no run of which is another's."""
    found, first = several[0], int(several[0].run.max(initial=-1)) + 1
    for places in several[1:]:
        found = found.join(replace(places, run=places.run + first))
        first += int(places.run.max(initial=-1)) + 1
    return found


def together(prior: Prior, kinship: Kinship, recipes: Recipes, targets: Sequence[Target]) -> tuple[Array, Array]:
    """Forecast of all recipes, each at its target.

    Parameters
    ----------
    prior : Prior
        What is believed of every recipe before there is a run.
    kinship : Kinship
        How closely they are related.
    recipes : Recipes
        Their runs.
    targets : sequence of Target
        Size and tokens, k of them.

    Returns
    -------
    array, shape (k,)
        Expected log losses.
    array, shape (k, k)
        Their covariance.
    """
    n, k = len(recipes.log_loss), len(targets)
    ends = [replace(target.place, run=target.place.run + j) for j, target in enumerate(targets)]
    places = recipes.places
    for end in ends:
        places = places.join(end)
    whose = np.concatenate([recipes.recipe, np.arange(k)])
    own: Mask = whose[:, None] == whose
    scatter = prior.scatter.times(_scale(prior, recipes))
    beside = _beside(scatter, kinship, places, own)
    beside[:n, :n] += scatter.checkpoint**2 * np.eye(n)
    alike = np.where(own, 1.0, kinship.law)
    seen = recipes.log_loss - scatter.drift * np.log(recipes.places.end / recipes.places.tokens)
    first = np.mean([belief.theta for belief in recipes.beliefs], axis=0)
    theta = _About(prior, first, places, seen, alike, beside).law
    return _About(prior, theta, places, seen, alike, beside).forecast


def _scale(prior: Prior, recipes: Recipes) -> float:
    """By how much all scatter is larger than that of the prior: on average over what the recipes say alone."""
    squares = [(belief.prior.scatter.run / prior.scatter.run) ** 2 for belief in recipes.beliefs]
    return float(np.sqrt(np.average(squares, weights=[len(belief.log_loss) for belief in recipes.beliefs])))


def _beside(scatter: Scatter, kinship: Kinship, places: Places, own: Mask) -> Array:
    """Covariance of what the law does not say: all of it within a recipe, part of the misfit between two."""
    shared = replace(scatter, run=0.0, middle=0.0, discount=0.0)
    between = kinship.misfit * covariance(shared, places, places)
    found: Array = np.where(own, covariance(scatter, places, places), between)
    return found


class _About:
    """Everything linear about one law: n losses that were seen come first, then the targets."""

    def __init__(self, prior: Prior, theta: Array, places: Places, seen: Array, alike: Array, beside: Array) -> None:
        self.prior, self.theta, self.n = prior, theta, len(seen)
        self.at, self.slopes = gradient(laws[LAW], theta, places)
        self.unit = self.slopes[:, :3].sum(axis=1)
        self.alike = alike
        n, slopes = self.n, self.slopes
        self.whole = alike * (slopes @ prior.covariance @ slopes.T) + UNIT * np.outer(self.unit, self.unit) + beside
        self.expected = self.at + slopes @ (prior.mean - theta)
        self.factor = np.asarray(np.linalg.cholesky(self.whole[:n, :n]), np.float64)
        self.white = solve_triangular(self.factor, seen - self.expected[:n], lower=True, check_finite=False)

    @property
    def law(self) -> Array:
        """The mean over recipes of their most probable coefficients, shape (5,)."""
        n, prior = self.n, self.prior
        pull = solve_triangular(self.factor.T, self.white, check_finite=False)
        shared = self.alike[n:, :n].mean(axis=0)
        moved = prior.mean + (shared * pull) @ self.slopes[:n] @ prior.covariance
        moved[:3] += UNIT * float(self.unit[:n] @ pull)
        found: Array = self.theta + np.clip(moved - self.theta, -_STEP, _STEP)
        return found

    @property
    def forecast(self) -> tuple[Array, Array]:
        """Expected log losses at the targets, and their covariance."""
        n = self.n
        half = solve_triangular(self.factor, self.whole[:n, n:], lower=True, check_finite=False)
        return self.expected[n:] + half.T @ self.white, self.whole[n:, n:] - half.T @ half
