"""Fit one law to one set of points, the way a person asks for it: options in, one record out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from scalebook.corpus.errors import Misuse

from .bases import named, refuse_mixture
from .borrowing import Borrowed, resolve
from .engine.clusters import FEW, LEAST, unfit_for_percentiles, widening
from .engine.record import whole
from .engine.refits import MOST_FAILED, too_few_draws
from .engine.search import AGREE
from .engine.uncertainty import FLAT
from .fit import Bootstrap, Estimate, Fit, Objective, bootstrap, fit
from .law import Array, Columns, Law
from .points import Points, drop
from .subspace import coefficients_of

#: Starts that must agree, or else more are tried, and most that are.
AGREEING, MOST_STARTS = 5, 256
#: Of the refits that a fit holds in JSON.
DIGITS = 9

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
    """A fit with the data it rests on, what its law borrowed, and the families that a reduced law is learnt from."""

    fit: Fit
    points: Points
    dropped: int
    refits: Mapping[str, Array] = field(default_factory=dict)
    """Coefficients of bootstrap refits that converged, by name."""
    borrowed: tuple[Borrowed, ...] = ()
    learnt_from: tuple[str, ...] = ()

    @property
    def subspace(self) -> dict[str, Any] | None:
        """Of a reduced law: the families that it is learnt from, and the coefficients that its place stands for."""
        if not self.learnt_from:
            return None
        known = np.isfinite(list(self.fit.values.values())).all()
        return {"families": list(self.learnt_from), "coefficients": coefficients_of(self.fit) if known else None}

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
            "reach": reach(self.points),
            "refits": {name: [float(f"{v:.{DIGITS}g}") for v in of.tolist()] for name, of in self.refits.items()},
            "noise": self.fit.noise if np.isfinite(self.fit.noise) else None,
            "borrowed": [asdict(one) for one in self.borrowed],
            "subspace": self.subspace,
        }


def reach(points: Points) -> dict[str, tuple[float, float]]:
    """Least and most parameters, tokens, and tokens per parameter."""
    size, spent = points["params"], points["tokens"]
    held = {"params": size, "tokens": spent, "tokens_per_param": spent / size}
    return {name: (float(of.min()), float(of.max())) for name, of in held.items() if len(of)}


def estimate(points: Points, law: str, options: Options = Options()) -> Estimation:
    """Fit a law by its name or its file, with coefficients that may be borrowed; see `borrowing.resolve`.

    Raises
    ------
    UnknownName
        If there is no such law, or nobody of that name to borrow from.
    Misuse
        If a lender cannot lend, or the points lack a column that the law takes, hold values that it cannot take, or mix
        ways of counting.
    """
    resolved = resolve(law, points, options.objective, lambda form, p: _searched(form, p.columns, None, options))
    form = resolved.law
    whole("bootstraps", options.bootstraps, 0)
    if options.bootstraps and (form.estimate or not form.free):
        known = f"{law} is read off, not fitted" if form.estimate else f"all coefficients of {form.name} are given"
        raise Misuse(f"{options.bootstraps} bootstrap refits say nothing: {known}")
    if options.bootstraps and (said := too_few_draws(options.bootstraps, options.level)):
        raise Misuse(said)
    if options.cluster == "family":
        raise Misuse("one family is one cluster, and an interval needs several: use --cluster run or --cluster none")
    kept = drop(points, early_tokens=options.early_tokens, highest_losses=options.highest_losses)
    refuse_mixture(kept, form.inputs, allowed=options.allow_mixed)
    labels = kept["run"] if options.cluster == "run" else None
    found = _searched(form, kept.columns, labels, options)
    refits: dict[str, Array] = {}
    if options.bootstraps and found.status == "converged":
        found, refits = _resampled(found, kept.columns, labels, options)
    return Estimation(found, kept, len(points) - len(kept), refits, resolved.borrowed, resolved.families)


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


def _resampled(
    found: Fit, columns: Columns, labels: ArrayLike | None, options: Options
) -> tuple[Fit, dict[str, Array]]:
    """Standard errors and intervals from refits, and these; or why they stay those of the sandwich."""
    if found.clusters is not None and found.clusters < LEAST:
        return found, {}  # it says that there are no intervals
    if found.clusters is not None and found.clusters < FEW:
        return replace(found, warnings=(*found.warnings, unfit_for_percentiles(found.clusters))), {}
    drawn = bootstrap(found.law, columns, found, options.bootstraps, clusters=labels, seed=options.seed)
    if drawn.failed > MOST_FAILED * len(drawn.values):
        said = (
            f"no intervals of refits: {drawn.failed} of {len(drawn.values)} did not converge; they are the sandwich's"
        )
        return replace(found, warnings=(*found.warnings, said)), {}
    return _with_bootstrap(found, drawn), dict(zip(drawn.names, drawn.values[drawn.converged].T, strict=True))


def _with_bootstrap(found: Fit, drawn: Bootstrap) -> Fit:
    errors, ranges = drawn.se(), drawn.interval(found.level)
    laid = found.law.coefficients  # moved out, an end may lie where no coefficient can
    ranges = {n: (max(low, laid[n].low), min(high, laid[n].high)) for n, (low, high) in ranges.items()}
    coefficients = {name: Estimate(e.value, errors[name], *ranges[name]) for name, e in found.coefficients.items()}
    kept = tuple(w for w in found.warnings if not w.startswith("no interval"))
    refits = len(drawn.values)
    by = f"standard deviation and percentiles of {refits} bootstrap refits"
    if found.clusters is not None:
        by += f", moved out {widening(found.level, found.clusters):.3g} times as few clusters ask for"
    return replace(found, coefficients=coefficients, interval_by=by, warnings=kept, refits=refits)
