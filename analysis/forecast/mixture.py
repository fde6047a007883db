"""Four forecasts, weighted by how well each foretold runs that were held out.

Two forms (loss from size and data, loss from compute) are each fitted to the ends of runs, and to all their
checkpoints. Ends are annealed as the target will be; checkpoints are many. Every member first foretells each size that
was seen from the smaller ones; its weight falls with the fourth power of its error there. Decision 0019 has the
comparison with other choices, made with each group of families left out in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..designs import spread, trained
from ..points import Mask, Points
from .form import FORMS, Array
from .posterior import Posterior, Prior, Seen, posterior

#: Errors fall into line below this, in log loss: no member is trusted for an accident.
CLOSE = 0.003
POWER = 4.0
#: Largest error that counts; beyond it a forecast is as useless as can be.
LOST = 1.0
#: Most checkpoints of a run that are looked at, and how many independent points they count for together.
CHECKPOINTS, COUNTS_FOR = 32, 10.0
#: Most sizes that are held out in turn: the largest ones.
HELD_OUT = 8


@dataclass(frozen=True)
class Kind:
    """One way to forecast: a form, and what it is fitted to.

    Parameters
    ----------
    form : str
    ends_only : bool
        Learn from the last checkpoint of every run, else from all that are past the transient.
    trust : float
        Weight before anything is held out.
    """

    form: str
    ends_only: bool
    trust: float

    @property
    def name(self) -> str:
        """As it is told."""
        return f"{self.form} on {'ends of runs' if self.ends_only else 'all checkpoints'}"


KINDS = (
    Kind("chinchilla", True, 1.0),
    Kind("chinchilla", False, 0.25),
    Kind("compute", True, 1.0),
    Kind("compute", False, 0.25),
)


@dataclass(frozen=True)
class Member:
    """A fitted way to forecast.

    Parameters
    ----------
    kind : Kind
    fitted : Posterior
    held_out : array, shape (j,)
        Error in log loss at everything that was held out: positive where the loss came out higher.
    weight : float
        Share in the forecast.
    """

    kind: Kind
    fitted: Posterior
    held_out: Array
    weight: float


@dataclass(frozen=True)
class Mixture:
    """Members whose weights sum to one.

    Parameters
    ----------
    members : tuple of Member
    held_out : array, shape (j,)
        Error of the weighted forecast at everything that was held out.
    """

    members: tuple[Member, ...]
    held_out: Array

    @property
    def miss(self) -> float:
        """Root mean square of the errors that were held out, in log loss; NaN if there are none."""
        return float(np.sqrt(np.mean(self.held_out**2))) if len(self.held_out) else float("nan")

    def at(self, params: Array, tokens: Array) -> Foretold:
        """Forecast for targets of shape (n,)."""
        log_params, log_tokens = np.log(params), np.log(tokens)
        told = [member.fitted.at(log_params, log_tokens) for member in self.members]
        centres, errors = np.array([value for value, _ in told]), np.array([se for _, se in told])
        weight = np.array([member.weight for member in self.members])[:, None]
        centre = np.sum(weight * centres, axis=0)
        noise = np.array([member.fitted.noise for member in self.members])[:, None]
        return Foretold(
            centre,
            np.sqrt(np.sum(weight * errors**2, axis=0)),
            np.sqrt(np.sum(weight * (centres - centre) ** 2, axis=0)),
            np.sqrt(np.sum(weight * noise**2, axis=0)) * np.ones_like(centre),
        )


@dataclass(frozen=True)
class Foretold:
    """A forecast of log loss and what makes it unsure, each of shape (n,), as standard deviations.

    Parameters
    ----------
    log_loss : array
    coefficients : array
        The coefficients of each form.
    form : array
        The disagreement of forms, and of ends and checkpoints.
    noise : array
        The scatter of one run.
    """

    log_loss: Array
    coefficients: Array
    form: Array
    noise: Array

    @property
    def total(self) -> Array:
        """All together."""
        whole: Array = np.sqrt(self.coefficients**2 + self.form**2 + self.noise**2)
        return whole


def mixture(points: Points, priors: Mapping[str, Prior], kinds: Sequence[Kind] = KINDS) -> Mixture:
    """Fit all members to points, and weigh them.

    Parameters
    ----------
    points : Points
        All that may be learnt from.
    priors : mapping of str to Prior
        By form.
    """
    splits = _held_out(points)
    everything = np.ones(len(points), bool)
    if points.final.all():  # all checkpoints are the ends
        kinds = [kind for kind in kinds if kind.ends_only]
    fits: list[Posterior] = []
    foretold: list[list[float]] = []
    for kind in kinds:
        fits.append(_fitted(points, everything, kind, priors))
        foretold.append([_foretell(points, split, kind, priors) for split in splits])
    targets = [points.where(target) for _, target in splits]
    observed = np.array([np.mean(np.log(t["loss"])) for t in targets])
    errors = observed - np.array(foretold).reshape(len(kinds), len(splits))
    score = np.mean(np.minimum(errors**2, LOST), axis=1) if splits else np.zeros(len(kinds))
    weight = np.array([kind.trust for kind in kinds]) * (score + CLOSE**2) ** (-POWER / 2)
    weight /= weight.sum()
    members = zip(kinds, fits, errors, weight.tolist(), strict=True)
    return Mixture(tuple(Member(*member) for member in members), weight @ errors)


def _held_out(points: Points) -> list[tuple[Mask, Mask]]:
    """What is learnt from and what is foretold: each size from the smaller ones; of one size, the end from the half."""
    top = int(points.level.max())
    if top:
        return [(points.level < k, (points.level == k) & points.final) for k in range(1, top + 1)][-HELD_OUT:]
    half = points.progress <= 0.5
    return [(half, points.final)] if trained(points, 0.5)[half].sum() > 1 else []


def _foretell(points: Points, split: tuple[Mask, Mask], kind: Kind, priors: Mapping[str, Prior]) -> float:
    """Mean log loss that a member foretells for what is held out."""
    seen, target = split
    there = points.where(target)
    centre, _ = _fitted(points, seen, kind, priors, starts=1).at(np.log(there["params"]), np.log(there["tokens"]))
    return float(np.mean(centre))


def _fitted(points: Points, mask: Mask, kind: Kind, priors: Mapping[str, Prior], starts: int = 3) -> Posterior:
    return posterior(FORMS[kind.form], seen_by(kind, points.where(mask)), priors[kind.form], starts)


def seen_by(kind: Kind, points: Points, counts_for: float = COUNTS_FOR) -> Seen:
    """The rows that a member is fitted to; `counts_for` is how many independent points the checkpoints of a run are."""
    chosen = points.final if kind.ends_only else _thinned(points)
    mine = points.where(chosen)
    _, run = np.unique(mine["run"], return_inverse=True)
    rows = np.bincount(run)
    weight = (np.minimum(rows, counts_for) / rows)[run]
    return Seen(np.log(mine["params"]), np.log(mine["tokens"]), np.log(mine["loss"]), weight)


def _thinned(points: Points) -> Mask:
    """So many checkpoints of every run, evenly spread over its training after the transient; the last one always."""
    keep = np.zeros(len(points), bool)
    past = trained(points)
    for run in range(len(points.runs)):
        rows = np.flatnonzero(past & (points.run_index == run))
        keep[spread(rows.tolist(), CHECKPOINTS)] = True
    return keep
