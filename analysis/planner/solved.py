"""The cheapest model of a quality, and the compute-optimal one, by one law of size and tokens."""

from __future__ import annotations

import numpy as np

from scalebook.corpus.errors import Misuse

from ..law import Array
from .answer import Model
from .coefficients import Coefficients
from .plateau import plateau
from .request import Request
from .spending import Share, Spending
from .surface import Surface


def spending_of(source: Coefficients, request: Request) -> Spending:
    """What a token costs: as the law's source says, else by the share of the parameters that is active."""
    return source.spending or Share(request.active_share, source.params_basis == "active")


def surface_of(source: Coefficients, request: Request) -> Surface:
    """The loss of a law under a request."""
    return Surface.of(source.law, source.values, request.unique_tokens, spending_of(source, request), source.held)


def best_trained(surface: Surface, request: Request) -> tuple[Array, Array]:
    """Logarithms of size and tokens of the compute-optimal model, each of shape (draws, 1); NaN where none is."""
    if request.loss is not None:
        return surface.cheapest(request.loss)
    if request.like_params is not None:
        return surface.best_of_size(request.like_params)
    assert request.budget is not None
    return surface.best_for(request.budget)


def solve(surface: Surface, request: Request) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The places of the plan and of the baseline."""
    base = best_trained(surface, request)
    if not request.served:
        return base, base
    return surface.cheapest(surface.loss(*base), request.served), base


def models(source: Coefficients, request: Request) -> tuple[Model, Model]:
    """Plan and baseline.

    Raises
    ------
    Misuse
        With the reason that there is none.
    """
    surface = surface_of(source, request)
    if request.loss is not None:
        reachable(surface, source, request.loss)
    chosen, base = (model_at(source, surface, request, *place) for place in solve(surface, request))
    return chosen, base


def baseline(source: Coefficients, request: Request) -> Model:
    """The compute-optimal model.

    Raises
    ------
    Misuse
        With the reason that there is none.
    """
    surface = surface_of(source, request)
    if request.loss is not None:
        reachable(surface, source, request.loss)
    return model_at(source, surface, request, *best_trained(surface, request))


def model_at(source: Coefficients, surface: Surface, request: Request, n: Array, d: Array) -> Model:
    """The model at logarithms of size and tokens, of shape (1, 1).

    Raises
    ------
    Misuse
        If there is none there.
    """
    if not np.isfinite(n + d).all():
        raise Misuse(_why(source, request, surface))
    size, spent, loss = float(np.exp(n[0, 0])), float(np.exp(d[0, 0])), float(surface.loss(n, d)[0, 0])
    return Model.of(size, spent, loss, request, surface.spending, source.held)


def reachable(surface: Surface, source: Coefficients, loss: float) -> None:
    """Refuse a loss that no model has.

    Raises
    ------
    Misuse
        With the loss at which the law ends.
    """
    floor = float(surface.floor[0, 0])
    if loss > floor:
        return
    end = source.values.get("E", np.nan)
    if surface.unique_tokens is not None and not abs(floor - end) < 1e-9:
        why = (
            f"on {surface.unique_tokens:.3g} unique tokens it ends at {floor:.6g}, however often they are repeated"
            f" (E is {end:.6g})"
        )
    else:
        why = f"it ends at E = {end:.6g}" if abs(floor - end) < 1e-6 else f"it ends at {floor:.6g}"
    raise Misuse(f"no model has a loss of {loss:g} by {source.law.name} with {source.name}: {why}")


def _why(source: Coefficients, request: Request, surface: Surface) -> str:
    """Why there is no optimum."""
    what = source.law.name
    if request.loss is not None:
        most = "1e30 parameters and 1e32 tokens"
        return f"{what} with {source.name} has no cheapest model of a loss of {request.loss:g} within {most}"
    if request.like_params is not None:
        return f"by {what} with {source.name}, no compute has its best use in {request.like_params:g} parameters"
    assert request.budget is not None
    if (end := plateau(surface)) and request.budget >= end.flops:
        return (
            f"{what} with {source.name} has no best split of {request.budget:.3g} FLOPs: {end.words}; ask for fewer"
            " FLOPs, or give the plan more --unique-tokens"
        )
    return (
        f"{what} with {source.name} has no best split of {request.budget:.3g} FLOPs: its loss falls, or stays, all the"
        " way to an extreme size"
    )
