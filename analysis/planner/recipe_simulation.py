"""Whether it matters how the recipe to continue is chosen: sets of recipes of the corpus, of which the best is known.

Two small runs of every recipe are known. A policy spends a budget on the next sizes of the recipes that it chooses, and
then the recipe with the lowest forecast at a size that nobody bought is recommended. The regret is how much higher its
loss turned out there than that of the best recipe. What the corpus teaches is taken without the group of the recipes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.errors import Misuse, UnknownName

from ..error import Interval, by_group, over_families
from ..points import points_of_families
from ..recipes.pairs import comparable
from .climb import Climb, climb
from .contest import LEAST, Contest, contests_of
from .recipe_policies import DRAWING, POLICIES, play

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

#: Budgets as shares of what all rungs of all recipes cost together.
BUDGETS = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
#: Plays of a policy that draws.
DRAWS = 20
#: Regrets so close are level.
_LEVEL = 1e-12


def simulated(
    corpus: Corpus, families: Sequence[str] = (), *, budgets: Sequence[float] = BUDGETS, jobs: int = 1
) -> pd.DataFrame:
    """Play every policy in every contest of the corpus.

    Parameters
    ----------
    corpus : Corpus
        Where the families are.
    families : sequence of str
        Recipes that take part; empty for all.
    budgets : sequence of float
        Shares of what all rungs of all recipes cost, above 0 and below 1.
    jobs : int
        Processes; results do not depend on it.

    Returns
    -------
    DataFrame
        One row for each contest, budget and policy: ``contest``, ``related``, ``recipes`` (how many), ``budget``,
        ``policy``, ``spent`` (share of what all rungs cost), ``regret`` (in log loss), ``found`` (how often the best
        recipe was recommended) and ``best`` (least regret in hindsight). Policies that draw have means over their
        plays. Budgets below the cheapest rung are left out.

    Raises
    ------
    Misuse
        A budget is no share, or the families make no contest.
    UnknownName
        There is no such family.
    """
    import pandas as pd

    from ..engine.batch import parallel

    if wrong := [share for share in budgets if not 0 < share < 1]:
        raise Misuse(f"a budget of {wrong[0]:g}: write a share of what all runs cost, above 0 and below 1")
    played = parallel(_Play(tuple(budgets)), _contests(corpus, families), jobs)
    return pd.DataFrame([row for rows in played for row in rows])


def _contests(corpus: Corpus, families: Sequence[str]) -> list[Contest]:
    points_of_families(corpus, families)  # says which is unknown
    alike = comparable(corpus)
    if families:
        alike = [tuple(p for p in some if p.family in families) for some in alike]
    found = [contest for some in alike if len(some) > 1 for contest in contests_of(some)]
    if not found:
        raise Misuse(
            f"no contest among {', '.join(families)}: name two families or more of the same authors, metric and"
            f" evaluation set, with {LEAST} sizes at which all were trained on as many tokens"
        )
    return found


@dataclass(frozen=True)
class _Play:
    """All games of one contest, as a task that another process can take."""

    budgets: tuple[float, ...]

    def __call__(self, contest: Contest) -> list[dict[str, Any]]:
        played = climb(contest)
        about = {"contest": title(contest), "related": contest.related, "recipes": len(contest.recipes)}
        cheapest = float(played.cost[:, 0].min() / played.cost.sum())
        return [
            about | _row(played, budget, name)
            for budget in self.budgets
            if budget >= cheapest * (1 - 1e-9)
            for name in POLICIES
        ]


def title(contest: Contest) -> str:
    """What a contest is called: its recipes, or the first and how many others."""
    names = contest.names
    return " | ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} others"


def _row(played: Climb, budget: float, name: str) -> dict[str, Any]:
    ways = [play(played, budget, POLICIES[name], seed) for seed in range(DRAWS if name in DRAWING else 1)]
    regrets = [played.regret(taken) for taken in ways]
    return {
        "budget": budget,
        "policy": name,
        "spent": float(np.mean([played.spent(taken) for taken in ways])),
        "regret": float(np.mean(regrets)),
        "found": float(np.mean([regret <= _LEVEL for regret in regrets])),
        "best": played.hindsight(budget),
    }
