"""Coefficients to plan with: as a paper publishes them, as a fit found them, or fitted now, and where they hold.

A law is planned with inside what its data reached; beyond, the plan says so. Published powers of compute (the size and
tokens that are best for C) are enough for a plan that asks for no loss.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.errors import Misuse, ScalebookError

from ..bases import refuse_mixture
from ..law import Array, Law
from ..variants import law_named
from .spending import Spending

if TYPE_CHECKING:  # the fitting engine is not loaded for coefficients that are published
    from scalebook.corpus.database import Corpus

    from ..optimal.power import PowerLaw
    from ..points import Points


@dataclass(frozen=True)
class Reach:
    """Sizes, tokens and tokens per parameter of the runs that a law rests on.

    Parameters
    ----------
    family : str
        What they are called.
    params, tokens, ratio : (float, float)
        Smallest and largest.
    held : mapping of str to (float, float)
        The same of what else the law takes.
    passes : tuple of (float, float)
        Sizes, and the most passes over its data that a run of each made, where data were repeated.
    """

    family: str
    params: tuple[float, float]
    tokens: tuple[float, float]
    ratio: tuple[float, float]
    held: Mapping[str, tuple[float, float]] = field(default_factory=dict, kw_only=True)
    passes: tuple[tuple[float, float], ...] = field(default=(), kw_only=True)

    def beyond(
        self, params: float, tokens: float, held: Mapping[str, float] = {}, passes: float | None = None
    ) -> list[str]:
        """Sentences on what lies outside, with how far."""
        told = []
        # a small model that saw its data often says nothing of a large one
        as_large = [most for size, most in self.passes if size >= min(params, self.params[1])]
        if passes is not None and passes > (most := max(as_large, default=1.0)) * (1 + 1e-9):
            where = f"{'of models as large ' if as_large else ''}in {self.family} ({most:.3g})"
            told.append(f"{passes:.3g} passes over the data are {passes / most:.3g} times the most {where}")
        for what, value, (low, high) in (
            ("parameters", params, self.params),
            ("tokens", tokens, self.tokens),
            ("tokens per parameter", tokens / params, self.ratio),
            *((f"of {name}", value, self.held[name]) for name, value in held.items() if name in self.held),
        ):
            if value > high * (1 + 1e-9):
                told.append(f"{value:.3g} {what} are {value / high:.3g} times the most in {self.family} ({high:.3g})")
            elif value < low * (1 - 1e-9):
                told.append(f"{value:.3g} {what} are below the least in {self.family} ({low:.3g})")
        return told


@dataclass(frozen=True)
class Coefficients:
    """A law with values of its coefficients.

    Parameters
    ----------
    name : str
        What was asked for: a published law, a file, a family.
    about : str
        Where the values are from, in words.
    law : Law
        It takes params and tokens, and what is `held`.
    values : mapping of str to float
        By our names.
    unit : str
        Of the loss.
    draws : mapping of str to array, shape (n,)
        Bootstrap refits; empty where there are none.
    runs : int, optional
        Runs that were redrawn for them, or too few to be.
    reach : Reach, optional
        What the law was fitted to, where that is known.
    params_basis : str, optional
        What N counts.
    held : mapping of str to float
        Other inputs of the law, at the value that they have in the plan.
    spending : Spending, optional
        What a token costs, where the law's source says; else 6 N in training and 2 N in inference.
    """

    name: str
    about: str
    law: Law
    values: Mapping[str, float]
    unit: str = "nats/token"
    draws: Mapping[str, Array] = field(default_factory=dict)
    reach: Reach | None = None
    params_basis: str | None = None
    held: Mapping[str, float] = field(default_factory=dict)
    spending: Spending | None = None
    runs: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        refuse_unplannable(self.law, self.held)


@dataclass(frozen=True)
class Powers:
    """Optimal size and tokens as powers of compute, without a loss."""

    name: str
    about: str
    params: PowerLaw | None
    tokens: PowerLaw | None
    reach: Reach | None = None

    def at(self, flops: float) -> tuple[float, float]:
        """Best size and tokens for training compute C = 6 N D; one that is not published follows from the other."""
        params = float(self.params.predict(flops)) if self.params else None
        tokens = float(self.tokens.predict(flops)) if self.tokens else flops / 6 / (params or 1.0)
        return params or flops / 6 / tokens, tokens

    def flops_for(self, params: float) -> float:
        """Compute for which a size is the best."""
        if self.params:
            return self.params.flops_for(params)
        assert self.tokens is not None
        # 6 N kD C^b = C
        return float((6 * params * np.exp(self.tokens.height)) ** (1 / (1 - self.tokens.slope)))


def refuse_unplannable(law: Law, held: Collection[str] = ()) -> None:
    """Refuse a law that says nothing about size and tokens, or needs more to be known than what is held.

    Raises
    ------
    Misuse
        With what it takes.
    """
    takes = set(law.inputs) - set(held)
    if not {"params", "tokens"} <= takes <= {"params", "tokens", "unique_tokens"} or law.estimate is not None:
        said = f"takes {', '.join(law.inputs)}" if law.estimate is None else "is read off, not fitted"
        raise Misuse(f"a plan needs a law of params and tokens; {law.name} {said}")
    if law.target != "loss":
        raise Misuse(f"a plan needs a law of the loss; {law.name} predicts {law.target}")


def reach_of(corpus: Corpus, family: str) -> Reach | None:
    """What the runs of a family reached; None if the corpus does not have it."""
    sql = (  # of checkpoints, for the view of losses takes four times as long
        "select min(params), max(params), min(tokens), max(tokens), min(tokens / params), max(tokens / params),"
        " coalesce(max(tokens / unique_tokens), 0) from runs join checkpoints using (run)"
        " where family = ? and tokens > 0"
    )
    *found, passes = corpus.rows(sql, [family])[0] if family else (None, 0.0)
    if None in found:
        return None
    by_size = (
        "select params, max(tokens / unique_tokens) from runs join checkpoints using (run)"
        " where family = ? and tokens > 0 and unique_tokens > 0 group by params order by params"
    )
    seen = tuple(corpus.rows(by_size, [family])) if passes > 1 else ()
    return Reach(family, (found[0], found[1]), (found[2], found[3]), (found[4], found[5]), passes=seen)


def reach_of_points(points: Points) -> Reach:
    """What some runs reached."""
    size, spent = points["params"], points["tokens"]
    ends = [(float(of.min()), float(of.max())) for of in (size, spent, spent / size)]
    seen: tuple[tuple[float, float], ...] = ()
    if "unique_tokens" in points.columns:
        passes = spent / points["unique_tokens"]
        each = ((float(n), float(np.nanmax(passes[size == n], initial=0.0))) for n in points.sizes)
        seen = tuple((n, most) for n, most in each if most > 0)
    return Reach(points.family, *ends, passes=seen)


def fitted_coefficients(
    points: Points, law: str = "chinchilla", *, bootstraps: int = 200, seed: int = 0
) -> Coefficients:
    """Coefficients fitted now, with as many refits on redrawn runs.

    Raises
    ------
    ScalebookError
        If the points do not determine the law.
    """
    from ..engine.clusters import LEAST
    from ..estimation import Options, estimate
    from ..fit import bootstrap

    form = law_named(law)
    refuse_unplannable(form)
    refuse_mixture(points, form.inputs, remedy="")
    # errors come from the refits: those of the fit itself would be clustered by Student's t, which loads SciPy
    found = estimate(points, law, Options(seed=seed, cluster="none"))
    fit = found.fit
    if fit.status != "converged":
        from .undetermined import what_to_do

        raise ScalebookError(what_to_do(points, fit))
    draws: dict[str, Array] = {}
    runs = len(found.points.runs)
    if bootstraps and runs >= LEAST:
        drawn = bootstrap(fit.law, found.points.columns, fit, bootstraps, clusters=found.points["run"], seed=seed)
        draws = {name: drawn.values[drawn.converged, k] for k, name in enumerate(drawn.names)}
    about = f"{fit.law.name} fitted to {points.family}: {len(points)} points of {len(points.runs)} runs"
    reach, basis = reach_of_points(points), found.params_basis
    redrawn = runs if bootstraps else None
    return Coefficients(points.family, about, fit.law, fit.values, points.unit, draws, reach, basis, runs=redrawn)


def coefficients_of_json(text: str, name: str, corpus: Corpus | None = None) -> Coefficients:
    """Coefficients of a fit as ``scalebook fit --json`` writes it, and its refits, if it holds any, as draws.

    Raises
    ------
    Misuse
        If the text is not such a fit, the fit has not converged, or a coefficient is out of its law's range.
    """
    wrong = f"{name} is no fit as scalebook fit --json writes it"
    try:
        told: Any = json.loads(text)
    except ValueError as error:
        raise Misuse(f"{wrong}: {error}") from error
    if not isinstance(told, dict) or not {"law", "coefficients"} <= told.keys():
        raise Misuse(f"{wrong}: it needs law and coefficients")
    law = law_named(str(told["law"]))
    if (status := told.get("status", "converged")) != "converged":
        raise Misuse(f"{name}: the fit is {str(status).replace('_', ' ')}, so that there is nothing to plan with")
    given = told["coefficients"]
    values = {}
    for coefficient in law.coefficients:
        held = given.get(coefficient) if isinstance(given, dict) else None
        value = held.get("value") if isinstance(held, dict) else held
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Misuse(f"{wrong}: coefficient {coefficient} of {law.name} has no value")
        values[coefficient] = float(value)
    refuse_beyond(law, values, name)
    family = str(told.get("family") or name)
    draws = _refits(told.get("refits"), law, wrong)
    held = f"with {len(next(iter(draws.values())))} refits" if draws else "which holds no refits for intervals"
    about = f"{law.name} fitted to {family}, from {name}, {held}"
    if not draws:
        about += " (scalebook fit --bootstrap 200 --json writes them)"
    reach = _reach_told(told.get("reach"), family) or (reach_of(corpus, family) if corpus else None)
    unit, basis = str(told.get("unit") or "nats/token"), told.get("params_basis")
    runs = told.get("clusters") if draws else None
    return Coefficients(name, about, law, values, unit, draws, reach, basis, runs=runs)


def refuse_beyond(law: Law, values: Mapping[str, float], name: str) -> None:
    """Refuse coefficients that a fit could not have found.

    Raises
    ------
    Misuse
        With what the law allows.
    """
    for coefficient, value in values.items():
        laid = law.coefficients[coefficient]
        if not (np.isfinite(value) and laid.low <= value <= laid.high):
            allowed = f"from {laid.low:g}" if laid.low > -np.inf else "any number"
            allowed += f" to {laid.high:g}" if laid.high < np.inf else ""
            raise Misuse(
                f"{name}: {coefficient} = {value:g} is out of the range of {law.name} ({coefficient},"
                f" {laid.meaning}, is {allowed}): correct it, or fit again with scalebook fit --json"
            )


def _refits(told: Any, law: Law, wrong: str) -> dict[str, Array]:
    """Draws of every coefficient, of one length; none where the fit holds none.

    Raises
    ------
    Misuse
        If they are not that.
    """
    if not told:
        return {}
    try:
        draws = {name: np.array(told[name], float) for name in law.coefficients}
    except (KeyError, TypeError, ValueError):
        draws = {}
    lengths = {column.shape for column in draws.values()}
    if len(lengths) != 1 or len(*lengths) != 1 or not all(np.isfinite(column).all() for column in draws.values()):
        raise Misuse(f"{wrong}: refits needs a list of numbers for each of {', '.join(law.coefficients)}, equally long")
    return draws


def _reach_told(told: Any, family: str) -> Reach | None:
    """What the runs of a fit reached, if it says so."""
    try:
        ends = [(float(low), float(high)) for low, high in (told[k] for k in ("params", "tokens", "tokens_per_param"))]
    except (KeyError, TypeError, ValueError):
        return None
    return Reach(family, *ends)
