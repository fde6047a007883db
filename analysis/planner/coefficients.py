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

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse, ScalebookError

from ..law import Array, Law
from ..variants import law_named
from .spending import Spending

if TYPE_CHECKING:  # the fitting engine is not loaded for coefficients that are published
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
    """

    family: str
    params: tuple[float, float]
    tokens: tuple[float, float]
    ratio: tuple[float, float]
    held: Mapping[str, tuple[float, float]] = field(default_factory=dict, kw_only=True)

    def beyond(self, params: float, tokens: float, held: Mapping[str, float] = {}) -> list[str]:
        """Sentences on what lies outside, with how far."""
        told = []
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
        "select min(params), max(params), min(tokens), max(tokens), min(tokens / params), max(tokens / params)"
        " from runs join checkpoints using (run) where family = ? and tokens > 0"
    )
    found = corpus.rows(sql, [family])[0] if family else (None,)
    return None if None in found else Reach(family, found[:2], found[2:4], found[4:])


def fitted_coefficients(
    points: Points, law: str = "chinchilla", *, bootstraps: int = 200, seed: int = 0, allow_mixed: bool = False
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

    refuse_unplannable(law_named(law))
    found = estimate(points, law, Options(seed=seed, allow_mixed=allow_mixed))
    fit = found.fit
    if fit.status != "converged":
        raise ScalebookError(
            f"{points.family}: {fit.law.name} is {fit.status.replace('_', ' ')} ({fit.reason}),"
            " so that there is nothing to plan with"
        )
    draws: dict[str, Array] = {}
    runs = len(found.points.runs)
    if bootstraps and runs >= LEAST:
        drawn = bootstrap(fit.law, found.points.columns, fit, bootstraps, clusters=found.points["run"], seed=seed)
        draws = {name: drawn.values[drawn.converged, k] for k, name in enumerate(drawn.names)}
    about = f"{fit.law.name} fitted to {points.family}: {len(points)} points of {len(points.runs)} runs"
    size, spent = points["params"], points["tokens"]
    ratio = spent / size
    reach = Reach(points.family, (size.min(), size.max()), (spent.min(), spent.max()), (ratio.min(), ratio.max()))
    basis = found.params_basis
    redrawn = runs if bootstraps else None
    return Coefficients(points.family, about, fit.law, fit.values, points.unit, draws, reach, basis, runs=redrawn)


def coefficients_of_json(text: str, name: str, corpus: Corpus | None = None) -> Coefficients:
    """Coefficients of a fit as ``scalebook fit --json`` writes it; intervals of single coefficients are no draws.

    Raises
    ------
    Misuse
        If the text is not such a fit, or the fit has not converged.
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
    family = str(told.get("family") or name)
    about = f"{law.name} fitted to {family}, from {name}, which holds no refits for intervals"
    reach = reach_of(corpus, family) if corpus else None
    return Coefficients(
        name, about, law, values, str(told.get("unit") or "nats/token"), {}, reach, told.get("params_basis")
    )
