"""The loss of a run that is not yet trained, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from scalebook.corpus.errors import Misuse

from ..bases import refuse_mixture, taken_together
from ..designs import levels
from ..points import Points
from .basis import Basis, Share, by_many, by_one
from .cautions import cautions, is_below
from .expected import FLOOR
from .experience import AUTO, LIKE, Design, Experience, experience
from .form import Array

#: Least and most parameters or tokens of a target: far below and beyond what anybody trains.
LEAST, MOST = 1e3, 1e16
#: Level of the interval that the standard deviation of a forecast is read off.
USUAL = 0.9
#: Columns whose count must be one.
MIXED = ("params", "tokens")


@dataclass(frozen=True)
class Forecast:
    """The loss to expect of one target.

    Parameters
    ----------
    params, tokens : float
        The target.
    prediction, low, high : float
        In the unit of the loss; the ends are NaN for a baseline, which has no interval.
    params_ratio, tokens_ratio : float
        The target over the most that was seen.
    parts : dict of str to float
        Standard deviations in log loss: of ``coefficients``, between ``form`` and form, of the ``noise`` of a run, and
        the ``floor`` that no forecast was ever below.
    reach : float
        How many of their root sum of squares the interval goes to either side, for it to hold as often as it says in
        rehearsals.
    expected : float
        Size of the error to expect, in log loss.
    sd : float
        Standard deviation of log loss as rehearsals showed it: that of a normal distribution whose 90 % interval holds
        as often as theirs did, whatever the level asked for.
    typical_error : float
        Median absolute relative error of rehearsals of which about as large an error was to be expected; without any,
        what all others teach to expect.
    rehearsals, families, groups : int
        How many these were, of how many families and groups of related ones.
    """

    params: float
    tokens: float
    prediction: float
    low: float
    high: float
    params_ratio: float
    tokens_ratio: float
    parts: dict[str, float]
    reach: float
    expected: float
    sd: float
    typical_error: float
    rehearsals: int
    families: int
    groups: int


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of several targets from the same runs.

    Parameters
    ----------
    family, unit : str
        Whose runs, and the unit of the loss.
    law, objective : str
        What was fitted, and what was minimised.
    level : float
        Of the intervals.
    runs, points, sizes : int
        What was seen.
    shares : tuple of Share
        Laws that take part, the weightiest first.
    status, reason : str
        As of a fit.
    held_out : tuple of float
        Relative errors of the whole procedure where it foretold the runs at hand, smallest size first.
    told : tuple of Forecast
        One for each target.
    warnings : tuple of str
        What makes the forecast less sure than it says.
    """

    family: str
    unit: str
    law: str
    objective: str
    level: float
    runs: int
    points: int
    sizes: int
    shares: tuple[Share, ...]
    status: str
    reason: str
    held_out: tuple[float, ...]
    told: tuple[Forecast, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``scalebook predict --json``; those of the first target, and all of them under ``targets``."""
        rest = {key: value for key, value in asdict(self).items() if key != "told"}
        first = asdict(self.told[0])
        ratios = {name: first.pop(name) for name in ("params_ratio", "tokens_ratio")}
        return {**rest, **first, "extrapolation": ratios, "targets": [asdict(one) for one in self.told]}


def forecast(
    points: Points,
    params: float | Sequence[float],
    tokens: float | Sequence[float],
    *,
    law: str = AUTO,
    level: float = 0.9,
    like: Sequence[str] = (),
    allow_mixed: bool = False,
    known: Experience | None = None,
) -> Forecasts:
    """Forecast the loss of models of some sizes and tokens.

    Parameters
    ----------
    points : Points
        What was trained so far.
    params, tokens : float or sequence of float
        Targets, pair by pair; one size goes with several tokens.
    law : str
        ``auto`` weighs laws by how well they foretell the runs at hand, under a prior that the corpus taught; another
        law is fitted to the runs and nothing else.
    level : float
        Of the intervals, between 0 and 1.
    like : sequence of str
        Families of the corpus to borrow from, instead of from all: for runs too few to tell.
    allow_mixed : bool
        Take sizes that are counted in several ways.
    known : Experience, optional
        What the corpus taught; what ships with the package if not given.

    Returns
    -------
    Forecasts

    Raises
    ------
    Misuse
        If there is no target, or the runs cannot be forecast from.
    """
    known = known or experience()
    sizes, lengths = _targets(params, tokens)
    if not 0.0 < level < 1.0:
        raise Misuse(f"level is {level:g}: write a share between 0 and 1, such as 0.9")
    refuse_mixture(points, MIXED, allowed=allow_mixed)
    leave_out = (points.related,) if points.related else ()
    if law == AUTO:
        basis = by_many(points, sizes, lengths, known, leave_out, like)
    else:
        if like:
            raise Misuse("a law by its name borrows nothing: leave out --like, or --law")
        basis = by_one(points, sizes, lengths, law)
    told = tuple(
        _one(points, LIKE if like else law, level, known, leave_out, basis, place, float(n), float(d))
        for place, (n, d) in enumerate(zip(sizes, lengths, strict=True))
    )
    return Forecasts(
        family=points.family,
        unit=points.unit,
        law=law,
        objective="normal, with a prior" if law == AUTO else "huber-log",
        level=level,
        runs=len(points.runs),
        points=len(points),
        sizes=levels(points),
        shares=basis.shares,
        status=basis.status,
        reason=basis.reason,
        held_out=basis.held_out,
        told=told,
        warnings=(
            *taken_together(points, MIXED),
            *basis.warnings,
            *cautions(points, sizes, lengths, known, leave_out, basis.mid_run),
        ),
    )


def _targets(params: float | Sequence[float], tokens: float | Sequence[float]) -> tuple[Array, Array]:
    """Targets, checked."""
    sizes, lengths = np.atleast_1d(np.asarray(params, float)), np.atleast_1d(np.asarray(tokens, float))
    if len(sizes) != len(lengths):
        if 1 not in (len(sizes), len(lengths)):
            raise Misuse(f"{len(sizes)} sizes and {len(lengths)} numbers of tokens: give as many, or one of either")
        sizes, lengths = np.broadcast_arrays(sizes, lengths)
    for name, values in (("params", sizes), ("tokens", lengths)):
        wrong = values[~((values >= LEAST) & (values <= MOST))]
        if len(wrong):
            raise Misuse(
                f"a target of {wrong[0]:g} {name} is none that is trained: write them out, such as"
                f" {'7e9' if name == 'params' else '1.4e11'}"
            )
    return sizes, lengths


def _one(
    points: Points,
    law: str,
    level: float,
    known: Experience,
    leave_out: Collection[str],
    basis: Basis,
    place: int,
    params: float,
    tokens: float,
) -> Forecast:
    """Forecast of one target, its interval stretched by what rehearsals showed."""
    ratio, longer = params / float(points["params"].max()), tokens / float(points["tokens"].max())
    design = Design(levels(points), ratio, longer)
    rehearsals, foretold = known.of(law, design, leave_out), basis.foretold
    parts = {
        "coefficients": float(foretold.coefficients[place]),
        "form": float(foretold.form[place]),
        "noise": float(foretold.noise[place]),
        "floor": FLOOR,
    }
    expected = rehearsals.expects(float(foretold.total[place]), basis.miss, design)
    reach, spread = rehearsals.reach(level), float(np.sqrt(sum(part**2 for part in parts.values())))
    if is_below(points, params, tokens):  # no rehearsal went down: there it is no surer than it says of itself
        expected = max(expected, NormalDist().inv_cdf(0.5 + level / 2) * spread / reach)
    half = expected * reach
    centre = float(foretold.log_loss[place])
    alike = rehearsals.alike(expected)
    return Forecast(
        params=params,
        tokens=tokens,
        prediction=float(np.exp(centre)),
        low=float(np.exp(centre - half)),
        high=float(np.exp(centre + half)),
        params_ratio=ratio,
        tokens_ratio=longer,
        parts=parts,
        reach=half / spread,
        expected=expected,
        sd=expected * rehearsals.reach(USUAL) / NormalDist().inv_cdf((1 + USUAL) / 2),
        typical_error=alike.typical if len(alike) else float(np.expm1(expected * rehearsals.reach(0.5))),
        rehearsals=len(alike),
        families=alike.families,
        groups=alike.groups,
    )


def parts_shared(parts: Mapping[str, float]) -> dict[str, float]:
    """Each part's share of the variance."""
    total = sum(part**2 for part in parts.values())
    return {name: part**2 / total for name, part in parts.items()}
