"""Frontier: the compute-optimal size and tokens as functions of compute, or the reason there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse

from ..bases import named
from ..engine.clusters import LEAST, too_few
from ..engine.fitted import known_level
from ..engine.record import whole
from ..engine.refits import MOST_FAILED, too_few_draws
from ..fit import Estimate, Objective
from ..law import Array
from ..points import Points
from .power import PowerLaw, as_dict, lines

Status = Literal["found", "too_few_budgets", "at_the_edge", "no_curves", "no_law"]

#: A power law through fewer different optima than this is no evidence.
LEAST_OPTIMA = 3
#: Nor is one through optima whose budgets lie within this factor.
LEAST_SPAN = 4.0


@dataclass(frozen=True)
class Options:
    """How to look for a frontier.

    Parameters
    ----------
    bootstraps : int
        Redraws of whole runs, some 200 for intervals of 95 %; 0 for no intervals. Of few runs intervals are widened
        (`engine.clusters.widening`), of fewer than four there are none.
    seed : int
        For redraws and starts.
    level : float
        Level of intervals.
    objective, delta, starts
        How the law of the parametric approach is fitted; see `fit.fit`.
    allow_mixed : bool
        Take points that count sizes or FLOPs in several ways.
    """

    bootstraps: int = 0
    seed: int = 0
    level: float = 0.95
    objective: Objective = "huber-log"
    delta: float = 1e-3
    starts: int = 16
    allow_mixed: bool = False

    def __post_init__(self) -> None:
        whole("bootstraps", self.bootstraps, 0)
        known_level(self.level)
        if self.bootstraps and (said := too_few_draws(self.bootstraps, self.level)):
            raise Misuse(said)


@dataclass(frozen=True)
class Optimum:
    """The best of what was trained at one budget.

    Parameters
    ----------
    flops, params, tokens, loss : float
        The budget, and the optimum read off there.
    sizes : int
        Sizes that were compared.
    inside : bool
        The optimum lies between the smallest and the largest of them. Others are no optima, and no law rests on them.
    """

    flops: float
    params: float
    tokens: float
    loss: float
    sizes: int
    inside: bool

    @classmethod
    def of(cls, flops: float, params: float, tokens: float, loss: float, *, sizes: int, inside: bool) -> Optimum:
        """The optimum whose place is given in logarithms."""
        place = np.exp([flops, params, tokens, loss]).tolist()
        return cls(place[0], place[1], place[2], place[3], sizes, inside)


@dataclass(frozen=True)
class Allocation:
    """The optimum at one budget, read off a frontier.

    Parameters
    ----------
    extrapolation : float
        Budget over the largest one that the frontier rests on.
    """

    flops: float
    params: Estimate
    tokens: Estimate
    extrapolation: float

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook optimal --json``, under ``at``."""
        return {
            "flops": self.flops,
            "params": as_dict(self.params),
            "tokens": as_dict(self.tokens),
            "tokens_per_param": self.tokens.value / self.params.value,
            "extrapolation": self.extrapolation,
        }


@dataclass(frozen=True)
class Frontier:
    r"""Optimal size and tokens as powers of training compute [1]_.

    .. math:: N^*(C) = k_N C^a, \qquad D^*(C) = k_D C^b

    Parameters
    ----------
    approach, family : str
        How it was found, and from what.
    status, reason : str
        ``found``, or what is wrong; the reason also says which budgets were left out.
    params, tokens : PowerLaw
        :math:`N^*` and :math:`D^*`.
    optima : tuple of Optimum
        What it rests on, and the budgets whose minimum is at the edge; none for the parametric approach.
    flops : (float, float)
        Smallest and largest budget that it rests on.
    failed : int
        Bootstrap draws that had no frontier.
    params_basis, flops_basis : str, optional
        What N and C count.

    References
    ----------
    .. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.
    """

    approach: str
    family: str
    status: Status
    reason: str
    params: PowerLaw
    tokens: PowerLaw
    optima: tuple[Optimum, ...] = ()
    flops: tuple[float, float] = (np.nan, np.nan)
    failed: int = 0
    params_basis: str | None = None
    flops_basis: str | None = None

    @property
    def a(self) -> Estimate:
        """Exponent of the optimal size."""
        return self.params.exponent

    @property
    def b(self) -> Estimate:
        """Exponent of the optimal number of tokens."""
        return self.tokens.exponent

    def at(self, flops: float) -> Allocation:
        """Optimal size and tokens at a budget in FLOP, and how far that is beyond what was seen."""
        known_budget(flops)
        return Allocation(flops, self.params.at(flops), self.tokens.at(flops), flops / self.flops[1])

    def as_dict(self, flops: Sequence[float] = ()) -> dict[str, Any]:
        """The keys of ``scalebook optimal --json``, with the optimum at these budgets."""
        coefficients = {
            "kN": self.params.coefficient,
            "a": self.a,
            "kD": self.tokens.coefficient,
            "b": self.b,
        }
        return {
            "approach": self.approach,
            "family": self.family,
            "status": self.status,
            "reason": self.reason,
            "coefficients": {name: as_dict(estimate) for name, estimate in coefficients.items()},
            "level": self.params.level,
            "draws": len(self.params.draws),
            "draws_failed": self.failed,
            "budgets": [vars(optimum) for optimum in self.optima],
            "flops_low": self.flops[0],
            "flops_high": self.flops[1],
            "params_basis": self.params_basis,
            "flops_basis": self.flops_basis,
            "at": [self.at(c).as_dict() for c in flops],
        }


def known_budget(flops: float) -> None:
    """Refuse what is no budget.

    Raises
    ------
    Misuse
        If it is not finite and positive.
    """
    if not 0 < flops < np.inf:
        raise Misuse(f"a budget is a positive number of FLOP, not {flops}")


def nothing(approach: str, points: Points, status: Status, reason: str, optima: Sequence[Optimum] = ()) -> Frontier:
    """A frontier that was not found, and why."""
    none = PowerLaw(np.nan, np.nan, np.nan)
    basis = named(points, "params_basis"), named(points, "flops_basis")
    return Frontier(approach, points.family, status, reason, none, none, tuple(optima), (np.nan, np.nan), 0, *basis)


def found(
    approach: str,
    points: Points,
    laws: tuple[PowerLaw, PowerLaw],
    flops: tuple[float, float],
    drawn: int,
    notes: Sequence[str] = (),
    optima: Sequence[Optimum] = (),
) -> Frontier:
    """A frontier that was found; without intervals where runs are few or too many of the `drawn` draws have none."""
    runs = len(points.runs)
    failed = drawn - len(laws[0].draws)
    why = ""
    if drawn and runs < LEAST:
        why = too_few(runs)
    elif failed > MOST_FAILED * drawn:
        why = f"no intervals: {failed} of {drawn} redraws of the runs have no frontier"
    elif drawn:
        why = too_few_draws(drawn - failed, laws[0].level)
    params, tokens = (replace(law, draws=law.draws[: 0 if why else None], runs=runs) for law in laws)
    notes = [*notes, why]
    basis = named(points, "params_basis"), named(points, "flops_basis")
    told = "; ".join(note for note in notes if note)
    return Frontier(approach, points.family, "found", told, params, tokens, tuple(optima), flops, failed, *basis)


def through(
    approach: str,
    points: Points,
    options: Options,
    log_flops: Array,
    sizes: Array,
    tokens: Array,
    optima: Sequence[Optimum],
) -> Frontier:
    """Frontier through the optima at several budgets.

    Parameters
    ----------
    log_flops : array, shape (budgets,)
    sizes, tokens : array, shape (1 + draws, budgets)
        Logarithm of N* and D*: from the data, then from every bootstrap draw. NaN where the optimum is not inside.
    optima : sequence of Optimum
        What is reported, the budgets left out included.
    """
    good = (distinct(sizes) >= LEAST_OPTIMA) & (_span(log_flops, sizes) >= np.log(LEAST_SPAN))
    edge = sum(not optimum.inside for optimum in optima)
    left_out = f"{edge} of {len(optima)} optima are at the smallest or largest size and are left out" if edge else ""
    if not good[0]:
        if len(optima) < LEAST_OPTIMA or not edge:
            why = f"a power law needs {LEAST_OPTIMA} of them, {LEAST_SPAN:g} times apart in compute"
            return nothing(approach, points, "too_few_budgets", f"optima found: {len(optima)}; {why}", optima)
        return nothing(approach, points, "at_the_edge", left_out, optima)
    seen = log_flops[np.isfinite(sizes[0])]
    centre = float(seen.mean())
    fitted = [lines(log_flops, values, centre) for values in (sizes, tokens)]
    good &= np.isfinite(fitted[0]).all(axis=1) & np.isfinite(fitted[1]).all(axis=1)
    size, spent = (PowerLaw(centre, float(f[0, 0]), float(f[0, 1]), f[1:][good[1:]], options.level) for f in fitted)
    ends = float(np.exp(seen.min())), float(np.exp(seen.max()))
    return found(approach, points, (size, spent), ends, options.bootstraps, [left_out], optima)


def _span(log_flops: Array, values: Array) -> Array:
    """Logarithm of the factor between the first and the last budget that has a value, by row."""
    there = np.isfinite(values)
    last = np.where(there, log_flops, -np.inf).max(axis=1, initial=-np.inf)
    span: Array = last - np.where(there, log_flops, np.inf).min(axis=1, initial=np.inf)
    return span


def distinct(values: Array) -> NDArray[np.int64]:
    """Number of different finite values in every row."""
    ordered = np.sort(np.round(values, 9), axis=1)  # NaN last
    fresh = np.isfinite(ordered)
    fresh[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    return np.asarray(fresh.sum(axis=1))


def drawn_runs(points: Points, options: Options) -> NDArray[np.int64]:
    """How often every run counts, shape (1 + draws, runs), in the order of `points.runs`: once, then as redrawn."""
    runs = len(points.runs)
    counts = np.random.default_rng(options.seed).multinomial(runs, np.full(runs, 1 / runs), size=options.bootstraps)
    return np.concatenate([np.ones((1, runs), np.int64), counts])
