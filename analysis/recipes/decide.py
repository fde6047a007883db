"""Which of two recipes is better at a scale that neither was trained at, and with what probability."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.errors import Misuse, UnknownName

from ..bases import named
from ..downstream.loss_forecast import LAWS, TRANSIENT, LossForecast, forecast_losses
from ..fit import fit
from ..law import laws
from ..points import Points
from ..spread import quantile, weights_of
from .differences import DEFAULT, WAYS, Forecast, difference_of_laws, forecast_difference, odds_of
from .odds import Odds
from .pairs import LEAST, Matched, matched, refuse_incomparable
from .speed_up import SpeedUp, at_target, speed_ups

if TYPE_CHECKING:
    import pandas as pd

#: Logarithm of bits over nats, and how far a ratio may be from it: recipes of the corpus mostly differ by less, and of
#: 523 pairs the closest to it is .028 off at some design.
BITS, UNIT_NOISE = -math.log(math.log(2)), 0.02
NOTHING = Forecast({"largest": math.nan, "mean": math.nan, "trend": math.nan, "laws": math.nan}, 0.0, 0, 0, math.nan)


@dataclass(frozen=True)
class Decision:
    """An A/B decision.

    Parameters
    ----------
    first, second : str
        The recipes.
    params, tokens : float
        The scale that is decided for.
    way : str
        A key of `differences.WAYS`.
    forecast : Forecast
        Difference by every way.
    gain, low, high : float
        Share by which the first recipe's loss is lower, as a difference of log losses, with its interval.
    probability : float
        That the first recipe has the lower loss.
    level : float
        Of the intervals.
    groups : int
        Groups of families that probability and interval are learnt from.
    losses : tuple of LossForecast
        Of either recipe alone.
    speed_up, speed_up_low, speed_up_high : float
        Data-equivalent speed-up at the target; NaN where the second recipe's law is not determined.
    measured : tuple of SpeedUp
        Speed-ups at sizes that both were trained at.
    designs : Matched
        What both were trained at.
    warnings : tuple of str
        What a reader must know.
    """

    first: str
    second: str
    params: float
    tokens: float
    way: str
    forecast: Forecast
    gain: float
    low: float
    high: float
    probability: float
    level: float
    groups: int
    losses: tuple[LossForecast, LossForecast]
    speed_up: float
    speed_up_low: float
    speed_up_high: float
    measured: tuple[SpeedUp, ...]
    designs: Matched
    warnings: tuple[str, ...]

    @property
    def better(self) -> str:
        """The recipe that leads; even odds are told by the probability."""
        return self.first if self.gain >= 0 else self.second

    def as_dict(self) -> dict[str, Any]:
        """For ``scalebook compare --json``."""
        plain = ("first", "second", "params", "tokens", "way", "gain", "low", "high", "probability", "level", "groups")
        designs = zip(self.designs.params, self.designs.tokens, self.designs.gain, strict=True)
        return {name: getattr(self, name) for name in plain} | {
            "better": self.better,
            "by_way": dict(self.forecast.by),
            "scatter": self.forecast.scatter,
            "beyond": self.forecast.beyond,
            "losses": [asdict(loss) for loss in self.losses],
            "speed_up": {"value": self.speed_up, "low": self.speed_up_low, "high": self.speed_up_high},
            "measured_speed_ups": [asdict(one) for one in self.measured],
            "designs": [{"params": n, "tokens": d, "gain": g} for n, d, g in designs],
            "warnings": list(self.warnings),
        }


def decide(
    first: Points,
    second: Points,
    params: float,
    tokens: float,
    evidence: pd.DataFrame,
    *,
    way: str = "auto",
    level: float = 0.9,
) -> Decision:
    """Decide between two recipes.

    Parameters
    ----------
    first, second : Points
        Runs of either.
    params, tokens : float
        The scale that is decided for.
    evidence : DataFrame
        What pairs of recipes showed; see `differences.differences`.
    way : str
        A key of `differences.WAYS`; ``auto`` compares at matched designs, and by laws where there are too few.
    level : float
        Of the intervals.

    Raises
    ------
    Misuse
        If the recipes cannot be compared, or nothing can be said at that scale.
    """
    _check(params, tokens, level, way)
    refuse_incomparable(first, second)
    designs = matched(first, second)
    below = _within(designs, params, tokens)
    losses = _alone((first, second), params, tokens)
    sizes = int(below.level.max(initial=-1)) + 1
    found = _forecast(below, losses, params, tokens)
    chosen = (DEFAULT if sizes >= LEAST else "laws") if way == "auto" else way
    gain = found.by[chosen]
    if not math.isfinite(gain) or (chosen != "laws" and sizes < LEAST):
        raise Misuse(_why_not(first, second, below, losses, chosen))
    odds, groups = _odds(evidence, chosen, {p.related or p.family for p in (first, second)})
    right = float(odds.right_sign(gain, found.scatter))
    low, high = odds.interval(gain, found.scatter, level)
    speed, slowest, fastest = _speed(second, params, tokens, (gain, low, high))
    return Decision(
        first=first.family,
        second=second.family,
        params=params,
        tokens=tokens,
        way=chosen,
        forecast=found,
        gain=gain,
        low=low,
        high=high,
        probability=right if gain >= 0 else 1 - right,
        level=level,
        groups=groups,
        losses=losses,
        speed_up=speed,
        speed_up_low=slowest,
        speed_up_high=fastest,
        measured=tuple(speed_ups(first, second, level=level)),
        designs=designs,
        warnings=_bits(first, second, designs, found)
        + _warnings(found, chosen, sizes, evidence)
        + _untold(first, second),
    )


def _check(params: float, tokens: float, level: float, way: str) -> None:
    for name, value in (("params", params), ("tokens", tokens)):
        if not (math.isfinite(value) and value > 0):
            raise Misuse(f"--{name} is {value:g}; it must be positive and finite")
    if not 0 < level < 1:
        raise Misuse(f"--level is {level:g}; it must lie between 0 and 1")
    if way != "auto" and way not in WAYS:
        raise UnknownName("way to compare", way, ["auto", *WAYS])


def _within(designs: Matched, params: float, tokens: float) -> Matched:
    """Designs up to the scale that is decided for."""
    below = designs.where(designs.params * designs.tokens <= 1.05 * params * tokens)
    if len(designs) and not len(below):
        raise Misuse(
            "both recipes were trained only beyond the scale asked for: compare them there, or ask for a larger scale"
        )
    return below


def _forecast(below: Matched, losses: tuple[LossForecast, LossForecast], params: float, tokens: float) -> Forecast:
    """The difference by every way; by laws alone where no design is matched."""
    by_laws = difference_of_laws(*losses)
    found = forecast_difference(below, params, tokens, by_laws) if len(below) else NOTHING
    return replace(found, by={**found.by, "laws": by_laws})


def _alone(pair: tuple[Points, Points], params: float, tokens: float) -> tuple[LossForecast, LossForecast]:
    """Forecasts of both, by the first law that both determine."""
    place = (params, tokens, 6 * params * tokens)
    for law in LAWS:
        first, second = forecast_losses(pair, [place, place], law)
        if first.status == second.status == "converged":
            break
    return first, second


def _odds(evidence: pd.DataFrame, way: str, without: set[str]) -> tuple[Odds, int]:
    odds = odds_of(evidence[~evidence["related"].isin(without)], way)
    return odds, odds.groups


def _speed(second: Points, params: float, tokens: float, gains: tuple[float, ...]) -> tuple[float, float, float]:
    """Speed-up at the target, of the difference and of both ends of its interval."""
    kept = second.where(second.progress >= TRANSIENT)
    for law in LAWS:
        fitted = fit(laws[law], kept.columns, clusters=kept["run"])
        if fitted.status == "converged":
            value, low, high = (at_target(fitted, params, tokens, gain) for gain in gains)
            return value, low, high
    return math.nan, math.nan, math.nan


def _why_not(
    first: Points,
    second: Points,
    below: Matched,
    losses: tuple[LossForecast, LossForecast],
    way: str,
) -> str:
    told = "; ".join(
        f"{points.family}: {loss.law} {loss.status}"
        for points, loss in zip((first, second), losses, strict=True)
        if loss.status != "converged"
    )
    sizes = int(below.level.max(initial=-1)) + 1
    why = f"{first.family} and {second.family} share {sizes} size{'s' * (sizes != 1)} trained on as many tokens"
    return f"{why} ({LEAST} are needed), and no law is determined by both ({told or way})"


def _bits(first: Points, second: Points, designs: Matched, found: Forecast) -> tuple[str, ...]:
    """Losses that look as if one were in bits: by the ratio at every design, or of forecasts where none is shared."""
    gains = designs.gain if len(designs) else np.array([found.by["laws"]])
    small, large = (second, first) if gains[0] < 0 else (first, second)
    if not np.all(np.abs(gains * np.sign(gains[0]) - BITS) <= UNIT_NOISE):
        return ()
    where = "at every shared design" if len(designs) else "by their forecasts"
    return (
        f"the losses of {large.family} are {np.exp(BITS):.3f} times those of {small.family} {where}, as bits are of"
        f" nats: if {large.family} is in bits, multiply its losses by {np.log(2):.4f}",
    )


def _untold(first: Points, second: Points) -> tuple[str, ...]:
    """What is not known about how sizes are counted."""
    bases = {p.family: named(p, "params_basis") for p in (first, second)}
    silent = [family for family, basis in bases.items() if basis is None]
    stated = [f"{family} as {basis}" for family, basis in bases.items() if basis is not None]
    if not (silent and stated):
        return ()
    return (f"{silent[0]} does not say how it counts parameters; {stated[0]}: the sizes may not be the same",)


def _warnings(found: Forecast, way: str, sizes: int, evidence: pd.DataFrame) -> tuple[str, ...]:
    told = []
    if way == "laws" and sizes < LEAST:
        told.append(
            f"the recipes share {sizes} sizes at equal tokens: two laws are compared, which is the least reliable way;"
            " train both at the same sizes and tokens"
        )
    known = evidence[np.isfinite(evidence[way])]
    weights = weights_of(known["related"], known["pair"])
    most = quantile(known["beyond"].to_numpy(float), weights, 0.95)
    if math.isfinite(found.beyond) and found.beyond > most:
        told.append(
            f"the target takes {found.beyond:.3g} times the compute of the largest design that both have; pairs in the"
            f" corpus tell about {most:.3g} times at most: the probability is a guess beyond that"
        )
    if way != "laws" and found.by["trend"] * found.by[way] < 0:
        told.append("the difference shrinks with scale, and its trend would change the sign")
    return tuple(told)
