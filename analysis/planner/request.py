"""What a plan is asked for: a quality said in one of four ways, what is done with the model, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse

if TYPE_CHECKING:
    from .prices import Told


@dataclass(frozen=True)
class Clock:
    """How fast training goes.

    Parameters
    ----------
    devices : int
        How many.
    rate : float
        FLOP of training per second and device: its peak times the share of it that is used.
    words : str
        What that rests on.
    hours : float, optional
        How long they are to be had.
    """

    devices: int
    rate: float
    words: str
    hours: float | None = None

    @property
    def flops(self) -> float | None:
        """Training compute of the hours."""
        return None if self.hours is None else self.hours * 3600 * self.devices * self.rate

    def hours_of(self, flops: float) -> float:
        """Hours that some training compute takes."""
        return flops / (3600 * self.devices * self.rate)


@dataclass(frozen=True)
class Request:
    """What a plan is asked for.

    Parameters
    ----------
    flops, loss, like_params : float, optional
        The quality, said by one of them: that of the best model for a training compute, a loss, or that of the best
        use of compute that ends in a model of this size. A `clock` with hours says a training compute, too.
    inference_tokens : float
        Tokens that the model reads and writes in its life.
    unique_tokens : float, optional
        Tokens of the data set, which are repeated beyond that.
    active_share : float
        Share of the parameters that one token passes through: 1 for dense models.
    granularity, experts : float, optional
        Of a mixture of experts whose law takes it; searched where it is not given.
    prices : Told, optional
        What arithmetic costs; without it FLOPs are saved, not dollars.
    clock : Clock, optional
        How fast training goes.
    level : float
        Level of the intervals.
    """

    flops: float | None = None
    loss: float | None = None
    like_params: float | None = None
    inference_tokens: float = 0.0
    unique_tokens: float | None = None
    active_share: float = 1.0
    granularity: float | None = None
    experts: float | None = None
    prices: Told | None = None
    clock: Clock | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        said = {
            "--flops": self.flops,
            "--loss": self.loss,
            "--like-params": self.like_params,
            "--hours": self.clock.hours if self.clock else None,
        }
        given = [name for name, value in said.items() if value is not None]
        if len(given) != 1:
            got = " and ".join(given) if given else "none of them"
            raise Misuse(f"a plan needs one of {', '.join(said)}; it has {got}")
        for name, value in {**said, "--unique-tokens": self.unique_tokens}.items():
            if value is not None and not 0 < value < float("inf"):
                raise Misuse(f"{name} {value:g}: write a positive number")
        if not 0 <= self.inference_tokens < float("inf"):
            raise Misuse(f"--inference-tokens {self.inference_tokens:g}: write a number from 0")
        for name, value in self.held.items():
            if not 1 <= value < float("inf"):
                raise Misuse(f"--{name} {value:g}: write a number from 1, such as 16")
        if not 0 < self.active_share <= 1:
            raise Misuse(f"--active-share {self.active_share:g}: write a share above 0 and up to 1")
        if not 0 < self.level < 1:
            raise Misuse(f"--level {self.level:g}: write a share between 0 and 1")
        if self.like_params is not None and self.like_params < 1:
            raise Misuse(f"--like-params {self.like_params:g}: write a number of parameters, such as 13e9")

    @property
    def budget(self) -> float | None:
        """Training compute, if that is how the quality is said."""
        return self.clock.flops if self.clock and self.clock.hours is not None else self.flops

    @property
    def held(self) -> dict[str, float]:
        """What is said of a mixture of experts, by the inputs of laws."""
        said = {"granularity": self.granularity, "experts": self.experts}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def served(self) -> float:
        """Inference tokens as they count in the cost: effective ones, where prices are known."""
        return self.prices.served(self.inference_tokens) if self.prices else self.inference_tokens
