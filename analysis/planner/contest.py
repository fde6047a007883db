"""Recipes that were trained at the same sizes and tokens up to a common largest run: which is best there is known.

A contest is a set of recipes with a ladder of designs that all of them climbed. The last rung is the target, which
nobody can buy; the lowest are known at first; those between are bought one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..designs import HELD
from ..points import SAME_SIZE, Points
from ..recipes.pairs import SAME_PARAMS, SAME_TOKENS, comparable
from .candidates import Target

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

Array = NDArray[np.float64]

#: Sizes that all recipes must have; from the second number on, two rungs are known at first and not one.
LEAST, TWO = 3, 4
#: By what factor the target must cost more than any rung: who can pay the target need not forecast it.
CHEAPER = 1.25


@dataclass(frozen=True)
class Contest:
    """Recipes on one ladder.

    Parameters
    ----------
    recipes : tuple of Points
        Two or more.
    rungs : array of int, shape (recipes, sizes)
        Last points of the runs of each recipe, smallest size first; the last one is the target.
    start : int
        How many rungs are known at first.
    """

    recipes: tuple[Points, ...]
    rungs: NDArray[np.int64]
    start: int

    @property
    def related(self) -> str:
        """The group of families that they belong to."""
        return self.recipes[0].related or self.recipes[0].family

    @property
    def names(self) -> tuple[str, ...]:
        """The recipes."""
        return tuple(points.family for points in self.recipes)

    def at(self, recipe: int, rung: int) -> Target:
        """Size and tokens of a rung."""
        points, row = self.recipes[recipe], self.rungs[recipe, rung]
        return Target(float(points["params"][row]), float(points["tokens"][row]))

    @cached_property
    def cost(self) -> Array:
        """FLOPs of every rung by 6 N D, as shares of the target's of all recipes on average; shape as `rungs`."""
        told = np.array([[self.at(k, j).flops for j in range(row.size)] for k, row in enumerate(self.rungs)])
        shares: Array = told / told[:, -1].mean()
        return shares

    @cached_property
    def truth(self) -> Array:
        """Log loss of every recipe at the target, shape (recipes,); repeated runs count as their mean."""
        return np.array([_ends(p, self.at(k, -1)) for k, p in enumerate(self.recipes)])


def _ends(points: Points, place: Target) -> float:
    same = _near(points, place.params, place.tokens)
    exact = same & (points["params"] == place.params) & (points["tokens"] == place.tokens)
    return float(np.mean(np.log(points["loss"][exact])))


def contests(corpus: Corpus) -> list[Contest]:
    """All contests of the corpus, in order of groups."""
    return [contest for alike in comparable(corpus) for contest in contests_of(alike)]


def contests_of(recipes: Sequence[Points]) -> list[Contest]:
    """Contests among recipes that can be compared.

    For every design there is the set of recipes that were trained at it. Each such set is a contest of its own, unless
    more recipes climbed the same ladder. The trunk of a schedule that is cooled down in most runs of a recipe is no run
    of that recipe.
    """
    recipes = [_cooled_down(points) for points in recipes]
    sets = {tuple(k for k, own in enumerate(recipes) if _near(own, *design).any()) for design in _designs(recipes)}
    found: list[Contest] = []
    ladders: list[set[tuple[float, float]]] = []
    for members in sorted(sets, key=lambda some: (-len(some), some)):
        if len(members) < 2 or (contest := contest_of([recipes[k] for k in members])) is None:
            continue
        ladder = {(contest.at(0, j).params, contest.at(0, j).tokens) for j in range(contest.rungs.shape[1])}
        within = (set(contest.names) <= set(other.names) for other in found)
        if not any(inside and _same(ladder, known) for inside, known in zip(within, ladders, strict=True)):
            found.append(contest)
            ladders.append(ladder)
    return found


def _cooled_down(points: Points) -> Points:
    """The runs of a recipe without those at a held learning rate, unless most of its runs are such."""
    if "schedule" not in points.columns:
        return points
    held = np.isin(points["schedule"].astype(str), HELD)
    return points.where(~held) if held[points.final].mean() < 0.5 else points


def _same(one: set[tuple[float, float]], other: set[tuple[float, float]]) -> bool:
    def close(a: tuple[float, float]) -> bool:
        return any(
            _apart(a[0], b[0]) <= np.log(SAME_PARAMS) and _apart(a[1], b[1]) <= np.log(SAME_TOKENS) for b in other
        )

    return len(one) == len(other) and all(map(close, one))


def _apart(a: float, b: float) -> float:
    return float(abs(np.log(a / b)))


def _designs(recipes: Sequence[Points]) -> Iterator[tuple[float, float]]:
    """Sizes and tokens of all finished runs."""
    for points in recipes:
        ends = points.where(points.final)
        yield from sorted(set(zip(ends["params"].tolist(), ends["tokens"].tolist(), strict=True)))


def _near(points: Points, params: float, tokens: float) -> NDArray[np.bool_]:
    """Ends of runs at a design."""
    size, length = np.abs(np.log(points["params"] / params)), np.abs(np.log(points["tokens"] / tokens))
    found: NDArray[np.bool_] = points.final & (size <= np.log(SAME_PARAMS)) & (length <= np.log(SAME_TOKENS))
    return found


def contest_of(recipes: Sequence[Points]) -> Contest | None:
    """The contest of some recipes; None if they share too few sizes.

    The target is the largest size that all were trained at, on the most tokens; below it, each size has the run whose
    tokens per parameter are most like the target's.
    """
    first = recipes[0]
    shared = sorted(d for d in set(_designs([first])) if all(_near(p, *d).any() for p in recipes))
    sizes: list[list[tuple[float, float]]] = []
    for design in shared:
        if not sizes or design[0] > SAME_SIZE * sizes[-1][0][0]:
            sizes.append([])
        sizes[-1].append(design)
    if len(sizes) < LEAST:
        return None
    target = max(sizes[-1], key=lambda design: design[1])
    ratio = target[1] / target[0]
    below = [min(some, key=lambda design: _apart(design[1] / design[0], ratio)) for some in sizes[:-1]]
    ladder = [design for design in below if CHEAPER * design[0] * design[1] <= target[0] * target[1]]
    if len(ladder) + 1 < LEAST:
        return None
    rungs = np.array([[_nearest(points, *design) for design in (*ladder, target)] for points in recipes])
    return Contest(tuple(recipes), rungs, 2 if len(ladder) + 1 >= TWO else 1)


def _nearest(points: Points, params: float, tokens: float) -> int:
    rows = np.flatnonzero(_near(points, params, tokens))
    far = np.abs(np.log(points["params"][rows] / params)) + np.abs(np.log(points["tokens"][rows] / tokens))
    return int(rows[np.argmin(far)])
