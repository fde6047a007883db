"""A plan: one model, the compute-optimal one of equal quality beside it, and how sure the numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .coefficients import Coefficients, Powers
from .request import Request
from .spending import Spending


@dataclass(frozen=True)
class Model:
    """One model with its training and its life.

    Parameters
    ----------
    params, tokens : float
        As the law counts them.
    loss : float, optional
        None where only powers of compute are published.
    train_flops, inference_flops, total_flops : float
        Of training and of inference, and both: 6 N D and 2 N T, N being what a token passes through, unless the law's
        source counts otherwise.
    cost : float, optional
        Dollars, where prices are known.
    train_hours : float, optional
        Where hardware is known.
    epochs : float, optional
        Passes over the data, where their number is known.
    params_active, params_total : float, optional
        Where one token passes through a share of them.
    granularity, experts : float, optional
        Of a mixture of experts, where the law takes it.
    """

    params: float
    tokens: float
    loss: float | None
    train_flops: float
    inference_flops: float
    total_flops: float
    cost: float | None = None
    train_hours: float | None = None
    epochs: float | None = None
    params_active: float | None = None
    params_total: float | None = None
    granularity: float | None = None
    experts: float | None = None

    @classmethod
    def of(
        cls,
        params: float,
        tokens: float,
        loss: float | None,
        request: Request,
        spending: Spending,
        held: Mapping[str, float] = {},
    ) -> Model:
        """A model under a request.

        Parameters
        ----------
        spending : Spending
            What a token costs it.
        held : mapping of str to float
            What else the law takes.
        """
        read = spending.inference(params)
        train, inference = spending.train(params) * tokens, read * request.inference_tokens
        cost = None
        if request.prices:
            rates = request.prices.prices
            cost = rates.train / rates.train_use * (train + read * request.served)
        return cls(
            params,
            tokens,
            loss,
            train,
            inference,
            train + inference,
            cost,
            request.clock.hours_of(train) if request.clock else None,
            tokens / request.unique_tokens if request.unique_tokens else None,
            spending.active(params) if spending.sparse else None,
            spending.total(params) if spending.sparse else None,
            held.get("granularity"),
            held.get("experts"),
        )

    @property
    def tokens_per_param(self) -> float:
        """M = D / N."""
        return self.tokens / self.params

    def as_dict(self) -> dict[str, float | None]:
        """The keys of ``scalebook plan --json``; those that do not apply are left out, but for loss and cost."""
        held = {**vars(self), "tokens_per_param": self.tokens_per_param}
        return {name: value for name, value in held.items() if value is not None or name in ("loss", "cost")}


@dataclass(frozen=True)
class Interval:
    """Lower and upper end, from bootstrap refits."""

    low: float
    high: float


@dataclass(frozen=True)
class Answer:
    """A plan.

    Parameters
    ----------
    request : Request
        What was asked for.
    source : Coefficients or Powers
        What it rests on.
    plan, baseline : Model
        The cheapest model of the quality, and the compute-optimal one.
    unlimited : Model, optional
        The plan if no token had to be repeated, where the data are limited.
    intervals : mapping of str to Interval
        Of the plan, by its keys.
    draws, failed : int
        Bootstrap refits, and those of them that have no such plan.
    notes : tuple of str
        What to know before believing it.
    effective : (float, float), optional
        Effective parameters and tokens, where data are repeated.
    """

    request: Request
    source: Coefficients | Powers
    plan: Model
    baseline: Model
    unlimited: Model | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    draws: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
    effective: tuple[float, float] | None = None

    @property
    def spent(self) -> tuple[float, float, str]:
        """What plan and baseline cost over their lives, and in what."""
        if self.plan.cost is not None and self.baseline.cost is not None:
            return self.plan.cost, self.baseline.cost, "dollars"
        return self.plan.total_flops, self.baseline.total_flops, "FLOPs"

    @property
    def saved(self) -> float:
        """Share of the baseline's cost that the plan saves."""
        ours, theirs, _ = self.spent
        return 1 - ours / theirs

    @property
    def is_baseline(self) -> bool:
        """Whether the plan is the compute-optimal model."""
        return abs(self.plan.params / self.baseline.params - 1) < 1e-6

    @property
    def sentence(self) -> str:
        """What the plan does otherwise than the baseline, in a sentence."""
        plan, base = self.plan, self.baseline
        if self.is_baseline:
            return "This is the compute-optimal model. With --inference-tokens a smaller one may be cheaper."
        return (
            f"Against the compute-optimal model of equal loss: {1 - plan.params / base.params:.1%} fewer parameters,"
            f" {_more(plan.tokens / base.tokens)} tokens, {_more(plan.train_flops / base.train_flops)} training, and"
            f" {self.saved:.2%} fewer {self.spent[2]} over its life."
        )

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook plan --json``, without tables."""
        source, request = self.source, self.request
        found: dict[str, Any] = {**self.plan.as_dict(), "baseline": self.baseline.as_dict(), "saved": self.saved}
        if self.unlimited:
            found["unlimited"] = self.unlimited.as_dict()
        if self.effective:
            found["effective"] = dict(zip(("params", "tokens"), self.effective, strict=True))
        law = source if isinstance(source, Coefficients) else None
        found |= {
            "intervals": {name: vars(interval) for name, interval in self.intervals.items()},
            "level": request.level,
            "draws": self.draws,
            "draws_failed": self.failed,
            "coefficients": source.name,
            "about": source.about,
            "law": law.law.name if law else "powers of compute",
            "values": dict(law.values) if law else {},
            "unit": law.unit if law else None,
            "inference_tokens": request.inference_tokens,
            "unique_tokens": request.unique_tokens,
            "prices": list(request.prices.words) if request.prices else None,
            "hardware": request.clock.words if request.clock else None,
            "sentence": self.sentence,
            "notes": list(self.notes),
        }
        return found


def _more(ratio: float) -> str:
    """A ratio in words, which per cent do not tell well where it is large."""
    return f"{ratio - 1:.1%} more" if ratio < 10 else f"{ratio:.3g} times the"
