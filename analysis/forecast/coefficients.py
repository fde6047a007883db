"""Coefficients to plan with: those that the runs determine, else those of the runs and what the corpus knows."""

from __future__ import annotations

import numpy as np

from scalebook.corpus.errors import ScalebookError

from ..bases import named
from ..designs import ratios
from ..law import laws
from ..planner.coefficients import Coefficients, Reach, fitted_coefficients
from ..points import Points
from .borrowed import SPEAKER
from .experience import experience
from .mixture import mixture

DRAWS = 400
PRIOR = "under the prior of the corpus, as these runs alone do not determine it"


def coefficients_to_plan_with(points: Points, seed: int = 0) -> Coefficients:
    """Chinchilla's law as ``scalebook plan --coefficients FILE`` fits it, or under a prior where runs leave it open.

    Parameters
    ----------
    points : Points
        The runs.
    seed : int
        Of starts and draws.
    """
    try:
        return fitted_coefficients(points, seed=seed)
    except ScalebookError:
        return under_prior(points, seed)


def under_prior(points: Points, seed: int = 0) -> Coefficients:
    """Chinchilla's law under the prior that the corpus taught, so that any runs determine it.

    Parameters
    ----------
    points : Points
        The runs; the weightiest way to fit them speaks.
    seed : int
        Of the draws, which are normal in shared coordinates (see `form`).
    """
    known = experience()
    mixed = mixture(points, known.priors((points.related,) if points.related else ()))
    member = max((m for m in mixed.members if m.kind.form == SPEAKER), key=lambda m: m.weight)
    fitted = member.fitted
    drawn = np.random.default_rng(seed).multivariate_normal(fitted.theta, fitted.covariance, DRAWS, method="eigh")
    values = [fitted.form.coefficients(theta) for theta in drawn]
    size, spent = points["params"], points["tokens"]
    ratio = ratios(points, ends_only=member.kind.ends_only)
    return Coefficients(
        name=points.family,
        about=f"{member.kind.name} of {points.family}, {PRIOR}",
        law=laws[fitted.form.name],
        values=fitted.form.coefficients(fitted.theta),
        unit=points.unit,
        draws={name: np.array([v[name] for v in values]) for name in values[0]},
        reach=Reach(points.family, *((float(of.min()), float(of.max())) for of in (size, spent, ratio))),
        params_basis=named(points, "params_basis"),
    )
