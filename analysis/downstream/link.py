"""The link from loss (or compute) to a score: fitted to the models of one family, or the reason there is none.

At chance a score says nothing about the loss: a curve through such scores has no slope to learn, and what a larger
model will reach is not identified. Such a link has the status ``at_chance``, and no fit is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import UnknownName

from ..fit import Fit, fit_batch
from ..law import Law, laws
from .scores import Series

Array = NDArray[np.float64]

#: Shares of 0 are raised to this: laws take positive targets, and residuals of shares do not notice.
FLOOR = 1e-6
#: Scores nearer to chance than so many sampling errors are at chance.
CLEAR = 2.0
#: And so are those nearer to it than this, however many questions there are.
LEAST = 0.01
#: The best of the models seen that must be clear of chance.
TOP = 0.25


@dataclass(frozen=True)
class Way:
    """One form of the link.

    Parameters
    ----------
    law : str
        Name of the law.
    anchored : str
        Coefficient that is what guessing gives, held where that is known; empty to leave it free.
    """

    law: str
    anchored: str = ""

    def form(self, chance: float) -> Law:
        """The law, with what is known about chance."""
        law = laws[self.law]
        if not self.anchored or np.isnan(chance):
            return law
        return law.constrain(**{self.anchored: 1 - chance if law.target == "error" else chance})


#: Gadre's exponential with a free end, and with its end at chance; a sigmoid from chance; a line in log compute.
WAYS: Mapping[str, Way] = {
    "loss_to_error": Way("loss_to_error"),
    "loss_to_error_from_chance": Way("loss_to_error", "epsilon"),
    "accuracy_of_loss": Way("accuracy_of_loss", "b"),
    "log_linear": Way("log_linear"),
}
#: The sigmoid where the models determine it, else the exponential. The exponential has no ceiling: beyond the models
#: seen it overshoots on benchmarks that rise late (`docs/decisions/0015-chains-and-differences.md`).
AUTO = ("accuracy_of_loss", "loss_to_error_from_chance")
DEFAULT = "auto"


@dataclass(frozen=True)
class Link:
    """How a score follows from a loss in one family.

    Parameters
    ----------
    seen : Series
        The models it is fitted to.
    way : str
        A key of `WAYS`.
    fit : Fit or None
        The fit; none is made at chance.
    status : str
        ``converged``, ``at_chance``, or the status of the fit.
    reason : str
        What is wrong, in a sentence.
    """

    seen: Series
    way: str
    fit: Fit | None
    status: str
    reason: str

    def score(self, at: ArrayLike) -> tuple[Array, Array]:
        """Score and its standard error at losses (or FLOPs, for a law of compute), shape (n,).

        Without a law the score is that of the best model seen, and the error is not known.
        """
        place = np.atleast_1d(np.asarray(at, float))
        if self.fit is None or self.status != "converged":
            return np.full(len(place), last_seen(self.seen)), np.zeros(len(place))
        given: dict[str, Any] = {self.fit.law.inputs[0]: place}
        value = self.fit.predict(**given)
        se = self.fit.deviation(**given)
        score = 1 - value if self.fit.law.target == "error" else value
        return np.clip(score, 0.0, 1.0), np.where(np.isfinite(se), se, 0.0)

    @property
    def of_compute(self) -> bool:
        """Whether the score follows from FLOPs and not from the loss."""
        return of_compute(self.way)

    def through(self, losses: Array) -> tuple[float, float]:
        """Score of the median loss, and its standard error from both steps.

        Parameters
        ----------
        losses : array, shape (n,)
            A distribution: losses of equal probability, ascending; n is odd.
        """
        scores, se = self.score(losses)
        middle = len(losses) // 2
        return float(scores[middle]), float(np.hypot(np.std(scores), se[middle]))


def of_compute(way: str) -> bool:
    """Whether a way takes FLOPs and not the loss."""
    return way in WAYS and laws[WAYS[way].law].inputs == ("flops",)


def last_seen(seen: Series) -> float:
    """Score of the model with the lowest loss (the most compute, where there are no losses)."""
    order = seen["loss"] if np.isfinite(seen["loss"]).all() else -seen["flops"]
    return float(seen["score"][np.argmin(order)])


def links(series: Sequence[Series], way: str = DEFAULT) -> list[Link]:
    """Fit a link to each of many series at once.

    Parameters
    ----------
    series : sequence of Series
        Models seen.
    way : str
        A key of `WAYS`, or ``auto``: the first of `AUTO` that the models determine.

    Raises
    ------
    UnknownName
        If there is no such way.
    """
    if way == DEFAULT:
        first = links(series, AUTO[0])
        again = [k for k, found in enumerate(first) if found.status not in ("converged", "at_chance")]
        second = dict(zip(again, links([series[k] for k in again], AUTO[1]), strict=True))
        return [second.get(k, found) if _better(second.get(k)) else found for k, found in enumerate(first)]
    if way not in WAYS:
        raise UnknownName("link", way, [DEFAULT, *WAYS])
    chosen = WAYS[way]
    held = [chance if chosen.anchored and not np.isnan(chance := s.chance) else -1.0 for s in series]
    found = {k: Link(s, way, None, "at_chance", said) for k, s in enumerate(series) if (said := at_chance(s))}
    for chance in sorted(set(held)):
        law = chosen.form(np.nan if chance < 0 else chance)
        places = [k for k, c in enumerate(held) if c == chance and k not in found]
        tables = [_table(law, series[k]) for k in places]
        runs = [series[k]["run"] for k in places]
        for k, fitted in zip(places, fit_batch(law, tables, objective="lsq", clusters=runs), strict=True):
            found[k] = _judged(series[k], way, fitted)
    return [found[k] for k in range(len(series))]


def _better(other: Link | None) -> bool:
    return other is not None and other.status == "converged"


def link(seen: Series, way: str = DEFAULT) -> Link:
    """Fit a link to the models of one family."""
    return links([seen], way)[0]


def _table(law: Law, seen: Series) -> dict[str, Array]:
    score = np.clip(seen["score"], FLOOR, None)
    target = np.clip(1 - seen["score"], FLOOR, None) if law.target == "error" else score
    return {law.inputs[0]: seen[law.inputs[0]], law.target: target}


def _judged(seen: Series, way: str, fitted: Fit) -> Link:
    if fitted.status == "converged" and not np.isfinite(fitted.deviation(**_middle(fitted, seen))).all():
        return Link(seen, way, fitted, "not_identified", "the fit has no standard error")
    return Link(seen, way, fitted, fitted.status, fitted.reason)


def _middle(fitted: Fit, seen: Series) -> dict[str, Any]:
    name = fitted.law.inputs[0]
    return {name: float(np.median(seen[name]))}


def at_chance(seen: Series) -> str:
    """Why the scores tell nothing because they are at chance; empty where they are clear of it, or chance is unknown.

    The best quarter of the models, by loss, must lie above chance by twice the sampling error of one score, and by one
    point: the form of the prompt alone moves scores of guessing by that much.
    """
    if np.isnan(seen.chance) or not len(seen):
        return ""
    order = np.argsort(seen["loss"] if np.isfinite(seen["loss"]).all() else -seen["flops"], kind="stable")
    best = order[: max(1, round(TOP * len(order)))]
    above, noise = float(np.mean(seen["score"][best])) - seen.chance, noise_of(seen)
    margin = max(CLEAR * noise, LEAST)
    if above >= margin:
        return ""
    return (
        f"the best models score {100 * (above + seen.chance):.1f} %, which is not clearly above chance"
        f" ({100 * seen.chance:.1f} %) by {100 * margin:.1f} points or more"
    )


def noise_of(seen: Series) -> float:
    """Typical scatter of a score that no law explains: sampling error, else that of neighbours in loss."""
    told = seen.noise[np.isfinite(seen.noise)]
    if len(told):
        return float(np.median(told))
    if len(seen) < 4:
        return 0.0
    steps = np.diff(seen["score"][np.argsort(seen["loss"], kind="stable")])
    return float(np.median(np.abs(steps)) / 0.6745 / np.sqrt(2))
