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

from scalebook.corpus.errors import Misuse

from ..error import Interval, over_families
from ..points import points_of_families
from ..recipes.pairs import comparable
from .candidates import short
from .choice import DRAWS as SAMPLES
from .choice import best_probability, draws
from .climb import Climb, Steps, alone, climb
from .contest import LEAST, Contest, contests_of
from .kinship import kinship
from .recipe_policies import DRAWING, POLICIES, play
from .tally import LEVEL, Tally, known

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

#: Budgets as shares of what all steps of all recipes cost together.
BUDGETS = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
#: Plays of a policy that draws.
DRAWS = 10


def simulated(
    corpus: Corpus, families: Sequence[str] = (), *, budgets: Sequence[float] = BUDGETS, jobs: int = 1
) -> pd.DataFrame:
    """Play every policy in every contest of the corpus, with forecasts of all recipes together, and of each alone.

    Parameters
    ----------
    corpus : Corpus
        Where the families are.
    families : sequence of str
        Recipes that take part; empty for all.
    budgets : sequence of float
        Shares of what all steps of all recipes cost, above 0 and below 1.
    jobs : int
        Processes; results do not depend on it.

    Returns
    -------
    DataFrame
        One row for each contest, budget, policy and kind of forecasts: ``contest``, ``related``, ``recipes`` (how
        many), ``budget``, ``policy``, ``forecasts`` (``together`` or ``alone``), ``spent`` (share of what all steps
        cost), ``regret`` (in log loss), ``found`` (how often the best recipe was recommended), ``said`` (the
        probability that what was recommended is the best), ``log_score`` (logarithm of the probability of what was
        best) and ``best`` (least regret of all plays). Policies that draw have means over their plays. Budgets below
        the cheapest step are left out.

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
        played = climb(contest, kinship(contest.related))
        about = {"contest": title(contest), "related": contest.related, "recipes": len(contest.recipes)}
        cheapest = float(played.cost[:, 0].min() / played.cost.sum())
        return [
            about | row
            for kind, some in (("together", played), ("alone", alone(played)))
            for budget in self.budgets
            if budget >= cheapest * (1 - 1e-9)
            for row in _rows(some, kind, budget)
        ]


def title(contest: Contest) -> str:
    """What a contest is called: its recipes, or the first and how many others, and the target."""
    names, target = contest.names, contest.at(0, -1)
    told = " | ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} others"
    return f"{told} at {short(target.params)} on {short(target.tokens)}, {contest.rungs.shape[1]} sizes"


def _rows(played: Climb, kind: str, budget: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    best = float("inf")
    for name, policy in POLICIES.items():
        ways = [play(played, budget, policy, seed) for seed in range(DRAWS if name in DRAWING else 1)]
        results = [_result(played, taken) for taken in ways]
        means = {what: float(np.mean([result[what] for result in results])) for what in results[0]}
        least = min(result["regret"] for result in results)
        best = min(best, least)
        found.append({"budget": budget, "policy": name, "forecasts": kind, **means})
    return [{**row, "best": best} for row in found]


def _result(played: Climb, taken: Steps) -> dict[str, float]:
    """What came out of one play."""
    regret, standing = played.regret(taken), played.standing(taken)
    share = best_probability(draws(standing, np.random.default_rng(0)))
    winner = int(played.contest.truth.argmin())
    return {
        "spent": played.spent(taken),
        "regret": regret,
        "found": float(regret <= LEVEL),
        "said": float(share[standing.mean.argmin()]),
        "log_score": float(np.log((share[winner] * SAMPLES + 0.5) / (SAMPLES + 1))),
    }


@dataclass(frozen=True, kw_only=True)
class Duel(Tally):
    """A policy against another, over contests.

    Parameters
    ----------
    gain : Interval
        By how much its regret is lower, in log loss, groups weighing the same.
    """

    gain: Interval

    @property
    def sentence(self) -> str:
        """The duel in words."""
        by, said = self.gain, self.said("less regret in", "contests")
        return (
            f"{said}; regret lower by {100 * by.value:.3f} points ({100 * by.low:.3f} to {100 * by.high:.3f},"
            f" {by.groups} groups)"
        )


def duel(rows: pd.DataFrame, policy: str = "ei", other: str = "turns", forecasts: str = "together") -> Duel:
    """Compare two policies by their mean regret over budgets, contest by contest.

    Parameters
    ----------
    rows : DataFrame
        See `simulated`.
    """
    known(POLICIES, policy, other)
    kept = rows[rows["forecasts"] == forecasts]
    mean = kept.groupby(["contest", "related", "policy"])["regret"].mean().unstack()
    gain, groups = (mean[other] - mean[policy]).to_numpy(), mean.index.get_level_values("related").to_numpy()
    return Duel.of(mean, policy, other, gain=over_families(gain, groups, statistic="mean"))


def table(rows: pd.DataFrame, what: str = "regret", forecasts: str = "together") -> pd.DataFrame:
    """Mean of a column by budget (index) and policy (columns): over contests of a group, then over groups."""
    kept = rows[rows["forecasts"] == forecasts]
    within = kept.groupby(["budget", "policy", "related"])[what].mean()
    told: pd.DataFrame = within.groupby(["budget", "policy"]).mean().unstack()[[*POLICIES]]
    return told


def overall(rows: pd.DataFrame, what: str = "regret", forecasts: str = "together") -> pd.Series[float]:
    """Mean of a column by policy: over budgets and contests of a group, then over groups."""
    kept = rows[rows["forecasts"] == forecasts]
    within = kept.groupby(["contest", "related", "policy"])[what].mean().groupby(["related", "policy"]).mean()
    told: pd.Series[float] = within.groupby("policy").mean()[[*POLICIES]]
    return told


def gained(rows: pd.DataFrame, what: str) -> Interval:
    """By how much a column is larger with forecasts together than alone: over policies, contests, then groups."""
    mean = rows.groupby(["contest", "related", "forecasts"])[what].mean().unstack()
    groups = mean.index.get_level_values("related").to_numpy()
    return over_families((mean["together"] - mean["alone"]).to_numpy(), groups, statistic="mean")
