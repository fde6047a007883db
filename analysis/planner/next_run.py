"""The next run to train: of all that a budget can buy, what makes the forecast at a target most certain.

The forecast is that of `scalebook predict`. What part of its variance further runs would remove follows from where they
lie, before they are trained, by `belief`: Chinchilla's law with what the corpus knows of its coefficients, of its
misfit and of the scatter of runs, where those with tokens per parameter unlike the target's are believed less. The
search is that of `design_search`; `simulation` says how such designs fare on families of the corpus: see
docs/decisions/0016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scalebook.corpus.errors import Misuse

from ..bases import named, refuse_mixture, taken_together
from ..forecast.forecast import forecast
from ..points import Points
from .belief import settle
from .candidates import Candidate, Target, candidates, doubled
from .design_search import Chosen
from .experience import doubting
from .identified import identifies
from .measured import measured
from .options import Options
from .reasons import check, notes, nothing_affordable, reason

#: Runs in a set at most.
MOST = 4


@dataclass(frozen=True)
class Design:
    """Runs to train next, and what they would do for the forecast.

    Parameters
    ----------
    kind : str
        ``best`` of all sets of whole runs, ``cheaper``, ``with the target``: the best set where the beginning of the
        target's own training may be bought too, ``doubling rule`` or ``nothing``.
    runs : tuple of Candidate
        The runs.
    flops, share_of_budget : float
        Their training FLOPs, by 6 N D, and what part of the budget that is.
    sd_before, sd_after : float
        Standard deviation of the forecast of log loss at the target.
    identifies : bool
        The law alone, without the corpus, would be determined by all runs.
    why : str
        What changes.
    """

    kind: str
    runs: tuple[Candidate, ...]
    flops: float
    share_of_budget: float
    sd_before: float
    sd_after: float
    identifies: bool
    why: str

    @property
    def removed(self) -> float:
        """Share of the forecast's variance that it removes."""
        return 1 - (self.sd_after / self.sd_before) ** 2

    @property
    def removed_per_flop(self) -> float | None:
        """Variance that it removes per FLOP."""
        return (self.sd_before**2 - self.sd_after**2) / self.flops if self.flops else None

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints of it."""
        names = ("kind", "flops", "share_of_budget", "sd_before", "sd_after", "identifies", "why")
        told = {name: getattr(self, name) for name in names}
        more = {"variance_removed": self.removed, "variance_removed_per_flop": self.removed_per_flop}
        return {**told, **more, "runs": [run.as_dict() for run in self.runs]}


@dataclass(frozen=True)
class NextRun:
    """The answer.

    Parameters
    ----------
    points : Points
        The runs so far.
    budget_flops : float
        The budget.
    target : Target
        What is forecast.
    loss, sd : float
        The forecast now, as `scalebook predict` gives it, in the unit of the losses, and its standard deviation in log
        loss: that of a normal distribution with the same 90 % interval.
    identified : bool
        The runs so far determine the law without the corpus.
    identified_by : tuple of Candidate
        If not: the cheapest affordable runs that would.
    designs : tuple of Design
        The best first, then the others in the order of `Design.kind`.
    candidates : int
        Runs that were considered.
    notes : tuple of str
        What to know about it.
    """

    points: Points
    budget_flops: float
    target: Target
    loss: float
    sd: float
    identified: bool
    identified_by: tuple[Candidate, ...]
    designs: tuple[Design, ...]
    candidates: int
    notes: tuple[str, ...]

    @property
    def best(self) -> Design:
        """The design to take."""
        return self.designs[0]

    @property
    def params_basis(self) -> str | None:
        """What N counts."""
        return named(self.points, "params_basis")

    @property
    def compared(self) -> tuple[str, ...]:
        """The best design against a cheaper one and against the doubling rule, in words."""
        best, said = self.best, []
        for one in self.designs[1:]:
            if one.kind == "doubling rule" and not one.runs:
                said.append(
                    "doubling rule: the next size by doubling is not below the target, or does not fit the budget"
                )
            elif one.kind in ("with the target", "doubling rule") or (one is self.designs[1] and one.kind == "cheaper"):
                said.append(
                    f"{one.kind}: {100 * one.flops / best.flops:.0f} % of the best design's FLOPs leave a standard"
                    f" deviation of {100 * one.sd_after:.2f} % for {100 * best.sd_after:.2f} %"
                )
        return tuple(said)

    def as_dict(self) -> dict[str, Any]:
        """What ``scalebook next-run --json`` prints."""
        points = self.points
        return {
            "family": points.family,
            "n_runs": len(points.runs),
            "n_points": len(points),
            "unit": points.unit,
            "params_basis": self.params_basis,
            "budget_flops": self.budget_flops,
            "target": {"params": self.target.params, "tokens": self.target.tokens, "flops": self.target.flops},
            "forecast": {"loss": self.loss, "sd_log_loss": self.sd},
            "identified": self.identified,
            "identified_by": [one.as_dict() for one in self.identified_by],
            "candidates": self.candidates,
            "designs": [one.as_dict() for one in self.designs],
            "notes": list(self.notes),
        }


def next_run(
    points: Points, budget_flops: float, target_params: float, target_tokens: float, *, allow_mixed: bool = False
) -> NextRun:
    """Find the runs that make the forecast at a target most certain.

    Parameters
    ----------
    points : Points
        The runs so far.
    budget_flops : float
        Training FLOPs to spend, by 6 N D.
    target_params, target_tokens : float
        Size and training tokens of the model to be forecast.
    allow_mixed : bool
        Take runs that count sizes in several ways; else they are refused.

    Raises
    ------
    Misuse
        A number is not positive, the target lies within the runs, or the budget buys nothing.
    """
    target = Target(target_params, target_tokens)
    check(points, budget_flops, target)
    refuse_mixture(points, ("params", "tokens"), allowed=allow_mixed)
    some = candidates(points, target.params, target.tokens, budget_flops)
    if not some:
        raise Misuse(nothing_affordable(points, budget_flops, target))
    told = forecast(points, target.params, target.tokens, allow_mixed=allow_mixed).told[0]
    before = told.sd
    belief = settle(doubting(points.related), *measured(points, target.ratio))
    rule = doubled(points, target.params, budget_flops)
    options = Options.of(belief, before, target, points, some, rule)
    front = options.front(budget_flops, MOST)
    known = identifies(belief)
    needed = () if known else options.needed(front)
    designs = [
        _design(options, kind, one, budget_flops, before)
        for kind, one in options.told(front, budget_flops, MOST, before)
    ]
    return NextRun(
        points,
        budget_flops,
        target,
        told.prediction,
        before,
        known,
        needed,
        tuple(designs),
        len(some),
        (*taken_together(points, ("params", "tokens")), *notes(points, budget_flops, target)),
    )


def _design(options: Options, kind: str, one: Chosen, budget: float, before: float) -> Design:
    runs = tuple(options.runs[k] for k in one.candidates)
    after = min(float(np.sqrt(one.variance)), before)
    known = identifies(options.belief, options.places(one))
    return Design(
        kind, runs, one.cost, one.cost / budget, before, after, known, reason(options.points, options.target, runs)
    )
