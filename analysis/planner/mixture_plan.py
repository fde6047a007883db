"""The plan by a law of mixtures of experts: size, tokens, and granularity or number of experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebook.corpus.errors import Misuse

from .answer import Model
from .coefficients import Coefficients
from .request import Request
from .solved import baseline, model_at, surface_of


@dataclass(frozen=True)
class Found:
    """A plan, the compute-optimal model of its quality, and the law that the plan is by."""

    plan: Model
    baseline: Model
    by: Coefficients


def best_mixture(options: Sequence[Coefficients], request: Request) -> Found:
    """The cheapest model of a quality among several laws that differ in what they hold.

    The quality is that of the compute-optimal model: of least loss for a compute, of least compute for a loss. For a
    size it is that of the compute for which no other option has a lower loss.

    Raises
    ------
    Misuse
        If there is none.
    """
    bases = _each(options, request)
    if request.loss is not None:
        by, base = min(bases, key=lambda found: found[1].train_flops)
    elif request.like_params is not None:
        by, base = min(bases, key=lambda found: _excess(options, found[1]))
    else:
        by, base = min(bases, key=lambda found: _loss(found[1]))
    if not request.served:
        return Found(base, base, by)
    kept = []
    for option, _ in bases:
        surface = surface_of(option, request)
        n, d = surface.cheapest(_loss(base), request.served)
        if np.isfinite(n + d).all():
            kept.append((option, model_at(option, surface, request, n, d)))
    by, plan = min(kept, key=lambda found: found[1].total_flops if found[1].cost is None else found[1].cost)
    return Found(plan, base, by)


def _each(options: Sequence[Coefficients], request: Request) -> list[tuple[Coefficients, Model]]:
    """The compute-optimal model by every option that has one."""
    found, why = [], None
    for option in options:
        try:
            found.append((option, baseline(option, request)))
        except Misuse as error:
            why = why or error
    if not found:
        assert why is not None
        raise why
    return found


def _excess(options: Sequence[Coefficients], model: Model) -> float:
    """How much lower a loss the compute of a model reaches with another option."""
    best = _each(options, Request(flops=model.train_flops))
    return _loss(model) - min(_loss(other) for _, other in best)


def _loss(model: Model) -> float:
    assert model.loss is not None
    return model.loss
