"""What a forecast is made of: several laws weighed by what they foretell, or one law alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from scalebook.corpus.errors import Misuse, UnknownName

from ..fit import fit
from ..points import Points
from ..variants import law_named
from .borrowed import borrowed
from .experience import Experience
from .form import Array
from .mixture import Foretold, Mixture, mixture
from .rehearsal import columns_of, spread_of


@dataclass(frozen=True)
class Share:
    """One law's part in a forecast.

    Parameters
    ----------
    name : str
        The law, and what it was fitted to.
    weight : float
    held_out_error : float
        Root mean square of its relative error on runs that were held out; NaN if there were none.
    coefficients : dict of str to float
        In the units of the data.
    noise : float
        Scatter of a run about it, in log loss.
    """

    name: str
    weight: float
    held_out_error: float
    coefficients: dict[str, float]
    noise: float


@dataclass(frozen=True)
class Basis:
    """What a forecast is made of, whichever law was asked for.

    Parameters
    ----------
    foretold : Foretold
        The targets.
    shares : tuple of Share
        Laws that take part, the weightiest first.
    status, reason : str
        As of a fit.
    held_out : tuple of float
        Relative errors at the runs at hand, each foretold from smaller ones.
    miss : float
        Their root mean square in log loss; NaN if there are none.
    warnings : tuple of str
        What was borrowed, or is doubtful.
    mid_run : float
        Weight of the laws that learn from checkpoints before the ends of runs too.
    """

    foretold: Foretold
    shares: tuple[Share, ...]
    status: str
    reason: str
    held_out: tuple[float, ...]
    miss: float
    warnings: tuple[str, ...]
    mid_run: float = 1.0


def by_many(
    points: Points, sizes: Array, lengths: Array, known: Experience, leave_out: Collection[str], like: Sequence[str]
) -> Basis:
    """Laws weighed by what they foretell."""
    families = {w.family for told in known.witnesses.values() for w in told}
    for name in like:
        if name not in families:
            raise UnknownName("family to borrow from", name, sorted(families))
    priors = known.priors(leave_out, like)
    mixed = mixture(points, priors)
    return Basis(
        foretold=mixed.at(sizes, lengths),
        shares=_shares(mixed),
        status="converged" if all(m.fitted.converged for m in mixed.members) else "did_not_converge",
        reason="",
        held_out=tuple(float(e) for e in np.expm1(-mixed.held_out)),
        miss=mixed.miss,
        warnings=borrowed(points, mixed, priors),
        mid_run=sum(m.weight for m in mixed.members if not m.kind.ends_only),
    )


def _shares(mixed: Mixture) -> tuple[Share, ...]:
    shares = [
        Share(
            m.kind.name,
            m.weight,
            float(np.sqrt(np.mean(np.expm1(-m.held_out) ** 2))) if len(m.held_out) else float("nan"),
            m.fitted.form.coefficients(m.fitted.theta),
            m.fitted.noise,
        )
        for m in mixed.members
    ]
    return tuple(sorted(shares, key=lambda share: -share.weight))


def by_one(points: Points, sizes: Array, lengths: Array, name: str) -> Basis:
    """One law, fitted to the runs and nothing else."""
    law = law_named(name)
    missing = sorted(set(law.inputs) - {"params", "tokens", "flops"})
    if missing or law.target != "loss":
        what = f"it takes {', '.join(missing)} too" if missing else f"it predicts {law.target}"
        raise Misuse(f"the law {law.name!r} does not predict a loss from params and tokens: {what}")
    fitted = fit(law, columns_of(points, law), level=0.9, starts=16)  # errors of points, as in rehearsals
    if fitted.status != "converged":
        raise Misuse(
            f"{law.name} is not determined by {points.family}: {fitted.reason or fitted.status}; --law auto forecasts"
            " all the same, with what the corpus knows, and says what it took from there"
        )
    targets = {"params": sizes, "tokens": lengths, "flops": 6.0 * sizes * lengths}
    centre = np.log(fitted.predict(**{key: targets[key] for key in law.inputs})) * np.ones_like(sizes)
    spread = np.array([spread_of(fitted, {key: v[[k]] for key, v in targets.items()}) for k in range(len(sizes))])
    noise = np.full(len(sizes), fitted.noise)
    foretold = Foretold(centre, np.sqrt(np.maximum(spread**2 - noise**2, 0.0)), np.zeros(len(sizes)), noise)
    share = Share(law.name, 1.0, float("nan"), fitted.values, fitted.noise)
    alone = (f"{law.name} is a baseline: it says nothing of its error, so that it has no interval",)
    warnings = fitted.warnings if law.estimate is None else (*fitted.warnings, *alone)
    return Basis(foretold, (share,), fitted.status, fitted.reason, (), float("nan"), warnings)
