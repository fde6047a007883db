"""Two recipes trained at the same sizes and tokens, and whether their losses may be compared at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse
from scalebook.corpus.own_runs import MINE

from ..bases import named, refuse_mixture
from ..points import SAME_SIZE, Mask, Points, points_of_families

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

Array = NDArray[np.float64]

#: Sizes and tokens of two runs within these factors make one design.
SAME_PARAMS, SAME_TOKENS = 1.1, 1.1
#: Sizes below a target that a forecast rests on, at least.
LEAST = 2


@dataclass(frozen=True)
class Matched:
    """Last losses of two recipes at the designs that both were trained at, by size and tokens.

    Parameters
    ----------
    params, tokens : array, shape (n,)
        Of the first recipe's runs.
    gain : array, shape (n,)
        Logarithm of the second recipe's loss over the first's: positive where the first is better.
    """

    params: Array
    tokens: Array
    gain: Array

    def __len__(self) -> int:
        return len(self.gain)

    def where(self, mask: Mask) -> Matched:
        """The designs for which `mask`, of shape (n,), is true."""
        return Matched(self.params[mask], self.tokens[mask], self.gain[mask])

    @property
    def level(self) -> NDArray[np.int64]:
        """Which size each design has, counted from 0; sizes within a factor of 1.25 are one. Shape (n,)."""
        starts = [0.0]
        for size in np.unique(self.params):
            if size > starts[-1] * SAME_SIZE:
                starts.append(float(size))
        return np.searchsorted(starts[1:], self.params, side="right") - 1


def matched(first: Points, second: Points) -> Matched:
    """Designs that both recipes were trained at; several runs of one design count as their mean.

    Only last checkpoints are compared: a mid-run loss depends on the schedule that is still to come.
    """
    here, there = first.where(first.final), second.where(second.final)
    found: dict[tuple[float, float], list[float]] = {}
    close_params, close_tokens = np.log(SAME_PARAMS), np.log(SAME_TOKENS)
    for params, tokens, loss in zip(here["params"], here["tokens"], here["loss"], strict=True):
        size, length = np.abs(np.log(there["params"] / params)), np.abs(np.log(there["tokens"] / tokens))
        same = (size <= close_params) & (length <= close_tokens)
        if same.any():
            nearest = same & (size + length <= (size + length)[same].min() + 1e-9)
            other = float(np.mean(np.log(there["loss"][nearest])))
            found.setdefault((float(params), float(tokens)), []).append(other - float(np.log(loss)))
    keys = sorted(found)
    return Matched(
        np.array([k[0] for k in keys]), np.array([k[1] for k in keys]), np.array([np.mean(found[k]) for k in keys])
    )


def refuse_incomparable(first: Points, second: Points) -> None:
    """Refuse two recipes whose losses or sizes mean different things.

    Raises
    ------
    Misuse
        If they are in different units, or count parameters in different ways, or one of them in several.
    """
    if first.unit != second.unit:
        raise Misuse(
            f"{first.family} has losses in {first.unit} and {second.family} in {second.unit}:"
            " recipes can only be compared on one metric"
        )
    for points in (first, second):
        refuse_mixture(points, ("params", "tokens"), remedy="")
    bases = [named(p, "params_basis") for p in (first, second)]
    if None not in bases and bases[0] != bases[1]:
        raise Misuse(
            f"{first.family} counts parameters as {bases[0]} and {second.family} as {bases[1]}:"
            " one size would mean two models; count both in the same way"
        )


def refuse_other_sets(corpus: Corpus, first: str, second: str) -> None:
    """Refuse two families of the corpus whose losses are means over different texts.

    Raises
    ------
    Misuse
        If metric, evaluation set, split or shots differ.
    """
    kinds = {
        name: tuple(rest)
        for name, *rest in corpus.rows(
            "select family, metric, task, split, shots from families where family in (?, ?)", [first, second]
        )
    }
    if first in kinds and second in kinds and kinds[first] != kinds[second]:
        told = [" ".join(str(word) for word in kinds[name] if word is not None) for name in (first, second)]
        raise Misuse(f"{first} is measured by {told[0]}, {second} by {told[1]}: their losses cannot be compared")


def pairs_of(corpus: Corpus) -> list[tuple[Points, Points]]:
    """Pairs of families of the corpus that share authors, metric and evaluation set, and differ in the recipe."""
    return [pair for alike in comparable(corpus) for pair in combinations(alike, 2)]


def comparable(corpus: Corpus) -> list[tuple[Points, ...]]:
    """Families of the corpus whose losses can be compared: two or more of the same authors, metric and evaluation set.

    They count parameters in the same way and differ in the recipe. Each set is in alphabetical order.
    """
    rows = corpus.rows(
        "select related, metric, task, split, shots, list(family order by family) as names from families"
        " where metric is not null and related is not null and (varies is null or varies = 'shape')"
        " and not starts_with(source, ?) and family in (select family from losses where params is not null)"
        " group by all having count(*) > 1 order by all",
        [MINE],
    )
    points = _points(corpus, [name for *_, names in rows for name in names])
    found: list[tuple[Points, ...]] = []
    for *_, names in rows:
        alike: dict[tuple[str, str | None], list[Points]] = {}
        for one in (points[name] for name in names if name in points):
            alike.setdefault((one.unit, named(one, "params_basis")), []).append(one)
        found += [tuple(some) for some in alike.values() if len(some) > 1]
    return found


def _points(corpus: Corpus, families: Sequence[str]) -> dict[str, Points]:
    """Points of those families that have sizes and tokens."""
    able = {
        name
        for (name,) in corpus.rows(
            "select distinct family from losses where list_contains(?, family) and params is not null and tokens > 0",
            [list(families)],
        )
    }
    return {p.family: p for p in points_of_families(corpus, [f for f in families if f in able])}
