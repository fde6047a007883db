"""What else the money buys: models of equal loss, and models of equal cost.

Models of equal loss are the trade-off of over-training: how much smaller, and how much more compute. Near the optimum
the curve is flat; below some size no number of tokens is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .answer import Answer, Model
from .coefficients import Coefficients
from .request import Request
from .solved import surface_of
from .surface import TOKENS, Surface

#: Sizes in parts of the baseline's, and in parts of the plan's.
OF_BASELINE = (4.0, 2.0, 1.5, 1.25, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.1)
OF_PLAN = (0.125, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 4.0, 8.0)
#: Training that costs so many times the baseline's is left out.
ABSURD = 100.0


@dataclass(frozen=True)
class Row:
    """One model of a table.

    Parameters
    ----------
    which : str
        ``plan``, ``baseline`` or nothing.
    model : Model
        The model.
    params_ratio, train_ratio, total_ratio : float
        Its parameters, training FLOPs and cost over its life (dollars, where prices are known) over those of the
        baseline.
    excess_loss : float
        Its loss above that of the plan.
    """

    which: str
    model: Model
    params_ratio: float
    train_ratio: float
    total_ratio: float
    excess_loss: float

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook plan --table --json``."""
        ratios = {name: value for name, value in vars(self).items() if name != "model"}
        return {**self.model.as_dict(), **ratios}


def iso_loss(answer: Answer) -> list[Row]:
    """Models of the plan's loss, largest first; sizes that never reach it are left out."""
    source, request = _law_of(answer), answer.request
    surface = surface_of(source, request)
    base, chosen = answer.baseline.params, answer.plan.params
    sizes = _with(np.array(OF_BASELINE) * base, chosen)[::-1]
    n = np.log(sizes)[None, :]
    d = surface.tokens_of(np.array([[answer.plan.loss]], float), n)
    rows = [_row(answer, surface, a, b) for a, b in zip(n[0], d[0], strict=True) if np.isfinite(b)]
    return [row for row in rows if row.train_ratio < ABSURD]


def least_params(answer: Answer) -> float:
    """Size below which no number of tokens reaches the plan's loss."""
    source = _law_of(answer)
    surface = surface_of(source, answer.request)
    n = surface.size_of(np.array([[answer.plan.loss]], float), np.array([[TOKENS[1]]]))
    return float(np.exp(n[0, 0]))


def iso_cost(answer: Answer) -> list[Row]:
    """Models that cost over their lives what the plan costs, smallest first."""
    source, request = _law_of(answer), answer.request
    surface = surface_of(source, request)
    chosen, price = answer.plan, surface.spending
    spent = price.train(chosen.params) * chosen.tokens + price.inference(chosen.params) * request.served
    sizes = np.array(OF_PLAN) * chosen.params
    tokens = (spent - price.inference(sizes) * request.served) / price.train(sizes)
    return [
        _row(answer, surface, float(np.log(size)), float(np.log(left)))
        for size, left in zip(sizes, tokens, strict=True)
        if left > 1
    ]


def _law_of(answer: Answer) -> Coefficients:
    assert isinstance(answer.source, Coefficients)
    return answer.source


def _with(sizes: np.ndarray[Any, np.dtype[np.float64]], one: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Sizes in order, with one more that replaces its twin."""
    kept = sizes[np.abs(np.log(sizes / one)) > 1e-6]
    return np.sort(np.append(kept, one))


def _row(answer: Answer, surface: Surface, n: float, d: float) -> Row:
    source, request, base = _law_of(answer), answer.request, answer.baseline
    loss = float(surface.loss(np.array([[n]]), np.array([[d]]))[0, 0])
    model = Model.of(float(np.exp(n)), float(np.exp(d)), loss, request, surface.spending, source.held)
    which = "plan" if _same(model, answer.plan) else "baseline" if _same(model, base) else ""
    total = _spent(model, request) / _spent(base, request)
    return Row(
        which,
        model,
        model.params / base.params,
        model.train_flops / base.train_flops,
        total,
        loss - float(answer.plan.loss or np.nan),
    )


def _spent(model: Model, request: Request) -> float:
    return model.total_flops if request.prices is None or model.cost is None else model.cost


def _same(one: Model, other: Model) -> bool:
    return abs(one.params / other.params - 1) < 1e-6 and abs(one.tokens / other.tokens - 1) < 1e-6
