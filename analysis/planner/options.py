"""The sets of runs that a user can choose from, and what a belief expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..points import Points
from .belief import Belief, Places
from .candidates import TARGET, Candidate, Target, expected
from .design_search import Chosen, Problem, search, variance
from .identified import cheapest_that_identifies

#: Cheaper designs that are told at most: the best for a half of the cost, a quarter, and so on.
CHEAPER = 4


@dataclass(frozen=True)
class Options:
    """Whole runs, beginnings of the target, and the runs of the doubling rule, in this order.

    Parameters
    ----------
    points : Points
        The runs so far.
    belief : Belief
        What they say of what further runs would tell.
    target : Target
        What is forecast.
    runs : tuple of Candidate
        All of them.
    whole, offered : int
        How many are whole runs, and how many are not those of the doubling rule.
    asked : Places
        Where they would be measured.
    problem : Problem
        What they would tell and cost. Variances are in proportion to those of the belief, such that the variance at
        the target before there is a run is that of the forecast.
    """

    points: Points
    belief: Belief
    target: Target
    runs: tuple[Candidate, ...]
    whole: int
    offered: int
    asked: Places
    problem: Problem

    @classmethod
    def of(
        cls,
        belief: Belief,
        before: float,
        target: Target,
        points: Points,
        some: Sequence[Candidate],
        rule: Sequence[Candidate],
    ) -> Options:
        """Options of a belief.

        Parameters
        ----------
        before : float
            Standard deviation of the forecast now, in log loss.
        some, rule : sequence of Candidate
            Candidates, and the runs of the doubling rule.
        """
        ordered = sorted(some, key=lambda run: run.partial)
        runs = (*ordered, *rule)
        asked, rows = expected(runs, target)
        joint = belief.joint(asked.join(target.place))
        scale = before**2 / float(joint[-1, -1])
        number = np.array([TARGET if run.partial else TARGET + 1 + k for k, run in enumerate(runs)])
        cost = np.array([run.flops for run in runs])
        noise = belief.prior.scatter.checkpoint**2
        problem = Problem(scale * joint, rows, scale * noise, cost, number)
        whole = sum(not run.partial for run in some)
        return cls(points, belief, target, runs, whole, len(some), asked, problem)

    def front(self, budget: float, most: int) -> list[Chosen]:
        """Sets of whole runs; with the beginning of the target where no whole run can be paid.

        The doubling rule may have more runs than a set that is searched for, and longer ones: where it leaves less
        variance than all of these, it is the best.
        """
        found = search(self._first(self.whole or self.offered), budget, most)
        rule = self._rule()
        return [rule, *found] if rule.candidates and rule.variance < found[0].variance else found

    def told(self, front: Sequence[Chosen], budget: float, most: int, before: float) -> Iterator[tuple[str, Chosen]]:
        """Designs to tell of, with their kind; `before` is the standard deviation now."""
        yield "best", front[0]
        yield from (("cheaper", one) for one in cheaper(front))
        if 0 < self.whole < self.offered:
            best = search(self._first(self.offered), budget, most)[0]
            if any(self.runs[k].partial for k in best.candidates):
                yield "with the target", best
        yield "doubling rule", self._rule()
        yield "nothing", Chosen(before**2, 0.0, ())

    def needed(self, front: Sequence[Chosen]) -> tuple[Candidate, ...]:
        """The cheapest runs that would determine the law."""
        costs = self.problem.cost[: self.offered].tolist()
        found = cheapest_that_identifies(self.belief, self.asked, self.problem.rows, front, costs)
        return tuple(self.runs[k] for k in found)

    def places(self, chosen: Chosen) -> Places:
        """Where a set would be measured."""
        rows: NDArray[np.int64] = self.problem.rows[list(chosen.candidates)].ravel()
        return self.asked.take(rows)

    def _rule(self) -> Chosen:
        rule = tuple(range(self.offered, len(self.runs)))
        return Chosen(variance(self.problem, rule), float(self.problem.cost[list(rule)].sum()), rule)

    def _first(self, count: int) -> Problem:
        p = self.problem
        return Problem(p.joint, p.rows[:count], p.noise, p.cost[:count], p.run[:count])


def cheaper(front: Sequence[Chosen]) -> list[Chosen]:
    """For a half of the best set's cost, a quarter and so on: the best set that it buys."""
    kept: list[Chosen] = []
    for halvings in range(1, CHEAPER + 1):
        affordable = [one for one in front if one.cost <= front[0].cost / 2**halvings]
        if affordable and affordable[0] not in kept:
            kept.append(affordable[0])
    return kept
