"""Which law to use: laws and objectives compared by how well they forecast sizes that they have not seen.

A law is fitted to all smaller sizes and forecasts the end of training of the next one: of the largest size, and of the
second largest too where three sizes remain to learn from. Criteria that look at the fitted points only (AIC,
BIC) are given beside it, and decide nothing: checkpoints of a run are not independent, and a law is wanted for sizes
beyond the data.

References
----------
.. [1] Choshen et al. (2024), A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from .bases import mixture
from .borrowing import resolve
from .error import relative_error
from .fit import Fit, Objective, fit, fit_batch
from .law import Law, laws
from .points import Mask, Points
from .protocols.sizes_and_fraction import END, TRANSIENT

#: Sizes to learn from: at least so many for a forecast of the largest, and of the second largest.
LEAST = (2, 3)


@dataclass(frozen=True)
class Trial:
    """One law with one objective.

    Parameters
    ----------
    law, objective : str
        What was fitted, and what was minimised.
    status, reason : str
        ``converged`` if all fits are; else what is wrong with the first that is not. ``not_applicable`` where the
        points lack a column, ``too_few_sizes`` or ``mixed_bases``.
    forecasts : int
        Sizes that were held out.
    are, signed_error : float
        Mean absolute and mean signed relative error of these forecasts, as shares; each size counts alike.
    coefficients, points : int
        Free coefficients, and points of the fit to all sizes.
    aic, bic : float
        Of Gaussian residuals of log loss in the fit to all sizes. NaN for laws that are read off.
    """

    law: str
    objective: str
    status: str
    reason: str = ""
    forecasts: int = 0
    are: float = np.nan
    signed_error: float = np.nan
    coefficients: int = 0
    points: int = 0
    aic: float = np.nan
    bic: float = np.nan


@dataclass(frozen=True)
class Comparison:
    """Trials, best forecast first; those without a forecast come last.

    Parameters
    ----------
    family : str
        What they were tried on.
    held_out : tuple of (float, float)
        Smallest and largest params of every size that was held out, the largest size first.
    """

    family: str
    held_out: tuple[tuple[float, float], ...]
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The trial with the least error; None if there is no forecast."""
        return next((trial for trial in self.trials if np.isfinite(trial.are)), None)

    def table(self) -> list[dict[str, Any]]:
        """One row per trial."""
        return [asdict(trial) for trial in self.trials]


def compare(
    points: Points,
    law_names: Sequence[str] = (),
    objectives: Sequence[Objective] = ("huber-log",),
    *,
    delta: float = 1e-3,
    starts: int = 8,
    seed: int = 0,
    allow_mixed: bool = False,
) -> Comparison:
    """Compare laws and objectives by held-out error.

    Parameters
    ----------
    points : Points
        One family. The first tenth of every run is left out, and the last 30 % of a held-out size is forecast.
    law_names : sequence of str
        Laws; empty for all that predict the loss.
    objectives : sequence of str
        What is minimised.
    delta, starts, seed
        As in `fit.fit`.
    allow_mixed : bool
        Fit points that count sizes or FLOPs in several ways.

    Returns
    -------
    Comparison

    Raises
    ------
    UnknownName
        If there is no such law or objective.
    """
    splits = _splits(points)
    how: dict[str, Any] = {"delta": delta, "starts": starts, "seed": seed}
    trials = []
    for name in law_names or [name for name, law in laws.items() if law.target == "loss"]:
        for objective in objectives:
            law = _resolved(name, points, objective, how)
            status, reason = _unfit(points, law, len(splits), allow_mixed)
            if status:
                trials.append(Trial(law.name, objective, status, reason))
                continue
            problems = [dict(points.where(seen).columns) for seen, _ in [*splits, (_learnt(points), None)]]
            fits = fit_batch(law, problems, objective=objective, **how)
            trials.append(_trial(points, law, splits, fits))
    held = [points["params"][target] for _, target in splits]
    ranked = sorted(trials, key=lambda trial: (not np.isfinite(trial.are), trial.are))
    return Comparison(points.family, tuple((float(n.min()), float(n.max())) for n in held), tuple(ranked))


def _resolved(name: str, points: Points, objective: Objective, how: Mapping[str, Any]) -> Law:
    """A law, with what it borrows for this objective."""
    return resolve(name, points, objective, lambda form, p: fit(form, p.columns, objective=objective, **how)).law


def _since(points: Points, share: float) -> Mask:
    """Points at which this share of the run's own training was done."""
    mask: Mask = points["tokens"] >= share * (1 - 1e-9) * points.run_tokens
    return mask


def _learnt(points: Points) -> Mask:
    return _since(points, TRANSIENT)


def _splits(points: Points) -> list[tuple[Mask, Mask]]:
    """What is seen and what is forecast, for the largest size first."""
    level, learnt, end = points.level, _learnt(points), _since(points, END)
    held = [int(level.max(initial=-1)) - n for n in range(len(LEAST))]
    return [((level < k) & learnt, (level == k) & end) for k, least in zip(held, LEAST, strict=True) if k >= least]


def _unfit(points: Points, law: Law, splits: int, allow_mixed: bool) -> tuple[str, str]:
    """Status and reason, if the law cannot be tried on these points."""
    unknown = [c for c in (*law.inputs, law.target) if c not in points.columns or not np.all(points[c] > 0)]
    if unknown:
        return "not_applicable", f"the law needs {', '.join(unknown)} of every point"
    if not allow_mixed and (mixed := mixture(points, law.inputs)):
        return "mixed_bases", mixed
    if not splits:
        return "too_few_sizes", f"sizes: {points.level.max(initial=-1) + 1}; one is forecast from {LEAST[0]} or more"
    return "", ""


def _trial(points: Points, law: Law, splits: Sequence[tuple[Mask, Mask]], fits: Sequence[Fit]) -> Trial:
    """The forecasts of one law, and the criteria of its fit to all sizes."""
    whole = fits[-1]
    aic, bic = _criteria(points.where(_learnt(points)), law, whole)
    failed = next((f for f in fits if f.status != "converged"), whole)
    tried = Trial(
        law.name,
        whole.objective,
        failed.status,
        failed.reason,
        coefficients=len(law.free),
        points=whole.n_points,
        aic=aic,
        bic=bic,
    )
    if failed.status != "converged":
        return tried
    errors = []
    for fitted, (_, target) in zip(fits, splits, strict=False):
        there = points.where(target)
        predicted = np.broadcast_to(fitted.predict(**{name: there[name] for name in law.inputs}), len(there))
        errors.append(relative_error(predicted, there["loss"]))
    are = float(np.mean([np.mean(np.abs(e)) for e in errors]))
    return replace(tried, forecasts=len(errors), are=are, signed_error=float(np.mean([np.mean(e) for e in errors])))


def _criteria(points: Points, law: Law, fit: Fit) -> tuple[float, float]:
    """AIC and BIC; the variance counts as a coefficient."""
    n, k = len(points), len(law.free) + 1
    if law.estimate is not None or fit.status != "converged":
        return np.nan, np.nan
    predicted = fit.predict(**{name: points[name] for name in law.inputs})
    with np.errstate(divide="ignore", invalid="ignore"):
        base = float(n * np.log(np.mean((np.log(points["loss"]) - np.log(predicted)) ** 2)))
    return base + 2 * k, base + k * float(np.log(n))
