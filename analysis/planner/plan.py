"""Plan: the cheapest model of a quality, over its whole life.

Three ways to say a quality are one: a training compute C is the loss of the best model for C, a size is the loss of the
best use of compute that ends in that size. Among all models of this loss the cheapest in training and inference is the
plan, and the cheapest in training alone is the baseline [1]_.

References
----------
.. [1] Sardana et al. (2024), Beyond Chinchilla-Optimal: Accounting for Inference in Language Model Scaling Laws,
   arXiv:2401.00448.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scalebook.corpus.errors import Misuse

from .answer import Answer, Interval, Model
from .coefficients import Coefficients, Powers
from .mixture_plan import best_mixture
from .mixtures import Mixture
from .plateau import plateau
from .repeats import effective
from .request import Request
from .solved import models, solve, spending_of, surface_of
from .spending import Share
from .surface import Surface

DENSE = "the coefficients are of dense models: that they hold for all parameters of a sparse one is an assumption"


def plan(source: Coefficients | Powers | Mixture, request: Request) -> Answer:
    """The cheapest model of a quality.

    Parameters
    ----------
    source : Coefficients, Powers or Mixture
        What is known of the loss, or of the best split of compute.
    request : Request
        The quality, the inference demand, and prices.

    Returns
    -------
    Answer

    Raises
    ------
    Misuse
        If no model has that quality, the law has no best split of compute, or the request asks for what the law does
        not know.

    Examples
    --------
    >>> from scalebook.analysis.law import laws
    >>> values = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}
    >>> source = Coefficients("sardana", "", laws["chinchilla"], values)
    >>> answer = plan(source, Request(like_params=13e9, inference_tokens=2e12))
    >>> round(answer.plan.params / 1e9, 3), round(answer.plan.tokens / 1e12, 3), round(100 * answer.saved, 2)
    (6.969, 1.248, 17.45)
    """
    if isinstance(source, Mixture):
        return _by_mixture(source, request)
    for name, value in request.held.items():
        raise Misuse(
            f"{source.name} knows nothing of --{name} {value:g}: it is for laws of mixtures of experts, such as"
            " --coefficients krajewski2024-e64 (granularity) or ludziejewski2025-joint (experts)"
        )
    if isinstance(source, Powers):
        return _by_powers(source, request)
    if request.unique_tokens is not None and "unique_tokens" not in source.law.inputs:
        raise Misuse(
            f"{source.law.name} knows nothing of repeated tokens: with --unique-tokens use a data_constrained law,"
            " such as --coefficients muennighoff2023-data-constrained"
        )
    chosen, base = models(source, request)
    unlimited = None
    if request.unique_tokens is not None:
        unlimited, _ = models(source, replace(request, unique_tokens=None))
    intervals, drawn, failed, notes = _intervals(source, request, chosen)
    return Answer(
        request,
        source,
        chosen,
        base,
        unlimited,
        intervals,
        drawn,
        failed,
        (*notes, *_notes(source, request, chosen)),
        effective(source.values, chosen.params, chosen.tokens, request.unique_tokens) if unlimited else None,
    )


def _notes(source: Coefficients, request: Request, chosen: Model) -> list[str]:
    """What to know before believing it."""
    told = []
    if request.unique_tokens is not None and chosen.loss is not None:
        end = plateau(surface_of(source, request))
        if end and chosen.loss <= end.reached:
            told.append(f"{end.words}: more compute, or more passes, buy nothing there")
    if source.reach:
        if beyond := source.reach.beyond(chosen.params, chosen.tokens, source.held, chosen.epochs):
            told.append(f"never tested there: {'; '.join(beyond)}")
    else:
        told.append(f"the corpus does not know what sizes and tokens {source.name} was fitted to")
    if request.active_share < 1 and source.params_basis != "active":
        told.append(DENSE)
    hours = request.clock.hours if request.clock else None
    if hours is not None and chosen.train_hours is not None and chosen.train_hours > hours * (1 + 1e-9):
        told.append(
            f"the plan trains for {chosen.train_hours:.4g} hours: {hours:g} hours are what the compute-optimal model of"
            " equal quality takes"
        )
    return told


def _intervals(
    source: Coefficients, request: Request, chosen: Model
) -> tuple[dict[str, Interval], int, int, list[str]]:
    """Percentile intervals of the plan over bootstrap draws, their number, how many failed, and what is to be said."""
    if not source.draws and source.runs is None:
        return {}, 0, 0, []
    from ..engine.clusters import LEAST, too_few, widening
    from ..engine.refits import MOST_FAILED, too_few_draws

    if source.runs is not None and source.runs < LEAST:
        return {}, 0, 0, [too_few(source.runs)]
    drawn = len(next(iter(source.draws.values()), ()))
    if said := too_few_draws(drawn, request.level):
        return {}, drawn, 0, [said]
    spending = spending_of(source, request)
    values = {name: column[:, None] for name, column in source.draws.items()}
    surface = Surface(source.law, values, request.unique_tokens, spending, source.held)
    with np.errstate(all="ignore"):  # draws in which a term is gone have no plan
        (n, d), _ = solve(surface, request)
        losses = surface.loss(n, d)
    good = np.isfinite(n + d + losses)[:, 0]
    failed = int((~good).sum())
    if failed > MOST_FAILED * drawn:
        return {}, drawn, failed, [f"no intervals: {failed} of {drawn} refits on redrawn runs have no such plan"]
    places = zip(np.exp(n[good, 0]).tolist(), np.exp(d[good, 0]).tolist(), losses[good, 0].tolist(), strict=True)
    drawn_models = [Model.of(*place, request, spending, source.held).as_dict() for place in places]
    centre = chosen.as_dict()
    ends = [0.5 - 0.5 * request.level, 0.5 + 0.5 * request.level]
    further = widening(request.level, source.runs)  # in logarithms: everything here is positive
    found = {}
    for name in ("params", "tokens", "loss", "train_flops", "total_flops", "cost", "train_hours"):
        column = [model.get(name) for model in drawn_models]
        value = centre.get(name)
        if value is not None and None not in column:
            low, high = value * (np.quantile(np.array(column, float), ends) / value) ** further
            found[name] = Interval(float(low), float(high))
    return found, drawn, failed, []


def _by_mixture(source: Mixture, request: Request) -> Answer:
    """The best of what the request leaves open, and the cheapest model with it."""
    options = source.choices(request)
    found = best_mixture(options, request)
    notes = _notes(found.by, request, found.plan)
    name = source.kind.setting
    if len(options) > 1:
        searched = ", ".join(f"{option.held[name]:g}" for option in options)
        more = ": memory is not counted, and more may be better still" if found.by.held == options[-1].held else ""
        notes.append(f"{name} {found.by.held[name]:g} is the best of {searched}{more}; say another by --{name}")
    return Answer(request, found.by, found.plan, found.baseline, notes=tuple(notes))


def _by_powers(source: Powers, request: Request) -> Answer:
    """The best split of compute where it is published without a loss."""
    if request.loss is not None or request.inference_tokens or request.unique_tokens is not None:
        asked = "--loss" if request.loss is not None else "--inference-tokens"
        asked = asked if request.unique_tokens is None else "--unique-tokens"
        raise Misuse(
            f"{source.name} states the best size and tokens, but no loss: no plan with {asked} follows from it"
        )
    flops = request.budget
    if flops is None:
        assert request.like_params is not None
        flops = source.flops_for(request.like_params)
    whose = "asked" if request.like_params is None else f"for which {request.like_params:g} parameters are the best"
    size, spent = source.at(flops)
    model = Model.of(size, spent, None, request, Share(request.active_share))
    notes = []
    if abs(model.train_flops / flops - 1) > 1e-3:
        notes.append(
            f"6 N D of the published powers is {model.train_flops / flops - 1:+.2%} off the {flops:.4g} FLOPs {whose}"
        )
    if source.reach is None:
        notes.append(f"the corpus does not know what sizes and tokens {source.name} was fitted to")
    elif beyond := source.reach.beyond(size, spent):
        notes.append(f"never tested there: {'; '.join(beyond)}")
    return Answer(request, source, model, model, notes=tuple(notes))
