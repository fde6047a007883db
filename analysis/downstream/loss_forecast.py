"""The first step of the chain: what loss a model will have, as a distribution.

Kept behind one function, so that a better forecast of the loss changes nothing downstream of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, ScalebookError

from ..fit import Fit, fit_batch
from ..law import laws
from ..points import Points

#: Laws weighed with what other families taught, and the first of `LAWS` that the runs determine.
AUTO, FIRST = "auto", "first"
LAWS = ("chinchilla", "compute")
#: What a target is told by.
PLACE = ("params", "tokens", "flops")
#: Beginning of every run that is left out: warm-up and transient.
TRANSIENT = 0.1
#: Losses that stand for their distribution; odd, so that one is the median.
DRAWS = 101
#: Log losses further from the median than this say only that the loss is unknown.
WILD = 1.0


@dataclass(frozen=True)
class LossForecast:
    """Distribution of a loss that nobody has measured yet.

    Parameters
    ----------
    loss : float
        Median, as a natural logarithm in the unit of the runs; NaN where no law is determined.
    log_se : float
        Standard error of its logarithm, as the fit knows it.
    law, status, reason : str
        The law and its status, with what is wrong.
    """

    loss: float
    log_se: float
    law: str
    status: str
    reason: str = ""

    def draws(self, n: int = DRAWS) -> NDArray[np.float64]:
        """Losses of equal probability, ascending, the middle one being the median; shape (n,)."""
        normal = NormalDist()
        z = np.array([normal.inv_cdf((k + 0.5) / n) for k in range(n)])
        return self.loss * np.exp(np.clip(self.log_se * z, -WILD, WILD))


def forecast_losses(runs: Sequence[Points], targets: Sequence[Sequence[float]], law: str = AUTO) -> list[LossForecast]:
    """Forecast a loss from each of several sets of runs.

    Parameters
    ----------
    runs : sequence of Points
        Runs seen.
    targets : sequence of (params, tokens, flops)
        What is asked of each.
    law : str
        ``auto`` weighs laws with what other families taught (`analysis/forecast`, which leaves out relatives);
        ``first`` takes the first of `LAWS` that the runs determine, and borrows nothing; else the name of a law.

    Raises
    ------
    UnknownName, Misuse
        If there is no such law, or it forecasts no loss from size, tokens or FLOPs.
    """
    if law == AUTO:
        return [_weighed(points, target) for points, target in zip(runs, targets, strict=True)]
    found = [LossForecast(np.nan, np.nan, law, "too_few_points", "no run is seen") for _ in runs]
    forms = {name: laws[name] for name in (LAWS if law == FIRST else (law,))}
    for name, form in forms.items():
        if form.target != "loss" or not {*form.inputs} <= {*PLACE}:
            raise Misuse(f"{name} does not forecast a loss from {', '.join(PLACE)}: choose a law that does")
        open_ = [k for k, f in enumerate(found) if f.status != "converged" and len(runs[k])]
        kept = [runs[k].where(runs[k].progress >= TRANSIENT) for k in open_]
        fits = fit_batch(form, [p.columns for p in kept], clusters=[p["run"] for p in kept]) if kept else []
        for k, fitted in zip(open_, fits, strict=True):
            found[k] = _read(fitted, targets[k])
    return found


def _weighed(points: Points, target: Sequence[float]) -> LossForecast:
    """The forecast of `scalebook predict`, its parts of uncertainty joined before they are stretched."""
    from ..forecast.forecast import forecast

    params, tokens, _ = target
    try:
        (told,) = forecast(points, params, tokens).told
    except ScalebookError as error:
        return LossForecast(np.nan, np.nan, AUTO, "too_few_points", str(error))
    log_se = float(np.sqrt(sum(part**2 for part in told.parts.values())))
    return LossForecast(told.prediction, log_se, AUTO, "converged")


def _read(fitted: Fit, target: Sequence[float]) -> LossForecast:
    if fitted.status != "converged":
        return LossForecast(np.nan, np.nan, fitted.law.name, fitted.status, fitted.reason)
    place: dict[str, Any] = dict(zip(PLACE, target, strict=True))
    log_se = float(fitted.deviation(**place))
    loss = float(fitted.predict(**place))
    if not np.isfinite(log_se):
        return LossForecast(np.nan, np.nan, fitted.law.name, "not_identified", "the fit has no standard error")
    return LossForecast(loss, log_se, fitted.law.name, "converged")
