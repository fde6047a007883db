"""Fit one law to one set of points, the way a person asks for it: options in, one record out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import ArrayLike

from scalebook.corpus.errors import Misuse

from .bases import named, refuse_mixture
from .engine.clusters import FEW, LEAST, unfit_for_percentiles, widening
from .engine.record import whole
from .engine.refits import MOST_FAILED, too_few_draws
from .engine.search import AGREE
from .engine.uncertainty import FLAT
from .fit import Bootstrap, Estimate, Fit, Objective, bootstrap, fit
from .law import Columns, Law
from .points import Points, drop
from .variants import law_named

#: Starts that must agree, or else more are tried, and most that are.
AGREEING, MOST_STARTS = 5, 256

Cluster = Literal["run", "family", "none"]


@dataclass(frozen=True)
class Options:
    """How to fit.

    Parameters
    ----------
    objective, delta, starts, seed, level
        As in `fit.fit`; more starts are tried where fewer than five agree.
    bootstraps : int
        Refits on resampled data; their standard deviation and percentiles (widened where clusters are few) replace
        the sandwich's, but not of four clusters. Some 200 for intervals of 95 %; 0 for none.
    cluster : {"run", "family", "none"}
        What is independent: whole runs, or single points. Families can only be clusters where there are several.
        With few runs intervals are wide, and below four there are none (`docs/decisions/0021-few-runs.md`).
    early_tokens, highest_losses
        Points to leave out; see `points.drop`.
    allow_mixed : bool
        Fit points that count sizes, or FLOPs where the law takes them, in several ways; else they are refused.
    """

    objective: Objective = "huber-log"
    delta: float = 1e-3
    starts: int = 16
    seed: int = 0
    level: float = 0.95
    bootstraps: int = 0
    cluster: Cluster = "run"
    early_tokens: float = 0.0
    highest_losses: int = 0
    allow_mixed: bool = False


@dataclass(frozen=True)
class Estimation:
    """A fit with the data it rests on."""

    fit: Fit
    points: Points
    dropped: int

    @property
    def params_basis(self) -> str | None:
        """What N counts."""
        return named(self.points, "params_basis")

    @property
    def flops_basis(self) -> str | None:
        """What C counts."""
        return named(self.points, "flops_basis")

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook fit --json``."""
        return {
            **self.fit.as_dict(),
            "family": self.points.family,
            "n_points": len(self.points),
            "n_runs": len(self.points.runs),
            "n_dropped": self.dropped,
            "unit": self.points.unit,
            "params_basis": self.params_basis,
            "flops_basis": self.flops_basis,
        }


def estimate(points: Points, law: str, options: Options = Options()) -> Estimation:
    """Fit a law by its name or its file; see `variants.law_named`.

    Raises
    ------
    UnknownName
        If there is no such law.
    Misuse
        If the points lack a column that the law takes, hold values that it cannot take, or mix ways of counting.
    """
    form = law_named(law)
    whole("bootstraps", options.bootstraps, 0)
    if options.bootstraps and form.estimate:
        raise Misuse(f"{options.bootstraps} bootstrap refits say nothing: {law} is read off, not fitted")
    if options.bootstraps and (said := too_few_draws(options.bootstraps, options.level)):
        raise Misuse(said)
    if options.cluster == "family":
        raise Misuse("one family is one cluster, and an interval needs several: use --cluster run or --cluster none")
    kept = drop(points, early_tokens=options.early_tokens, highest_losses=options.highest_losses)
    refuse_mixture(kept, form.inputs, allowed=options.allow_mixed)
    labels = kept["run"] if options.cluster == "run" else None
    found = _searched(form, kept.columns, labels, options)
    if options.bootstraps and found.status == "converged":
        found = _resampled(found, kept.columns, labels, options)
    return Estimation(found, kept, len(points) - len(kept))


def _searched(form: Law, columns: Columns, labels: ArrayLike | None, options: Options) -> Fit:
    """Fit from four times as many starts, again and again, until enough agree on the objective.

    If k of n starts agree, a lower minimum that is as easy to reach was missed with the chance (1 - k / n)^n, which is
    about exp(-k): below 1 % for five. Where the objective is flat there is nothing to agree on.
    """
    how: dict[str, Any] = {"objective": options.objective, "delta": options.delta, "clusters": labels}
    how |= {"seed": options.seed, "level": options.level}
    found = fit(form, columns, starts=options.starts, **how)
    starts = options.starts
    while found.starts_agreeing < min(AGREEING, found.starts) and found.condition <= FLAT and 4 * starts <= MOST_STARTS:
        starts *= 4
        again = fit(form, columns, starts=starts, **how)
        found = again if again.value <= found.value * (1 + AGREE) else found
    return found


def _resampled(found: Fit, columns: Columns, labels: ArrayLike | None, options: Options) -> Fit:
    """Standard errors and intervals from refits, or why they stay those of the sandwich."""
    if found.clusters is not None and found.clusters < LEAST:
        return found  # it says that there are no intervals
    if found.clusters is not None and found.clusters < FEW:
        return replace(found, warnings=(*found.warnings, unfit_for_percentiles(found.clusters)))
    drawn = bootstrap(found.law, columns, found, options.bootstraps, clusters=labels, seed=options.seed)
    if drawn.failed > MOST_FAILED * len(drawn.values):
        said = (
            f"no intervals of refits: {drawn.failed} of {len(drawn.values)} did not converge; they are the sandwich's"
        )
        return replace(found, warnings=(*found.warnings, said))
    return _with_bootstrap(found, drawn)


def _with_bootstrap(found: Fit, drawn: Bootstrap) -> Fit:
    errors, ranges = drawn.se(), drawn.interval(found.level)
    coefficients = {name: Estimate(e.value, errors[name], *ranges[name]) for name, e in found.coefficients.items()}
    kept = tuple(w for w in found.warnings if not w.startswith("no interval"))
    refits = len(drawn.values)
    by = f"standard deviation and percentiles of {refits} bootstrap refits"
    if found.clusters is not None:
        by += f", moved out {widening(found.level, found.clusters):.3g} times as few clusters ask for"
    return replace(found, coefficients=coefficients, interval_by=by, warnings=kept, refits=refits)
