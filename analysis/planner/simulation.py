"""Whether the design helps: families of the corpus, where every run that could be trained has been trained.

From its two or three smallest runs and a budget, each policy buys runs of a family, and the loss of the largest is
forecast from what was known and what was bought, as `scalebook predict` does it. The regret is the absolute relative
error (ARE) of that forecast, less that of the best set of runs that is known afterwards. What the corpus teaches is
taken without the family's group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.errors import Misuse

from ..error import by_group, relative_error
from ..forecast.experience import experience
from ..forecast.mixture import mixture
from ..points import families_with_points, points_of_families
from .belief import settle
from .experience import doubting
from .measured import measured
from .policies import POLICIES, Game
from .scene import LEAST, Scene, scene
from .tally import LEVEL, Tally, known

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

#: Budgets as shares of the target's own training.
BUDGETS = tuple(float(f"{share:.3g}") for share in np.geomspace(0.03, 0.5, 6))
#: Draws of the random policy, and further random sets, and single runs, among which the best in hindsight is sought.
DRAWS, HINDSIGHT = 5, 10


def simulated(
    corpus: Corpus, families: Sequence[str] = (), *, budgets: Sequence[float] = BUDGETS, jobs: int = 1
) -> pd.DataFrame:
    """Play every policy on families of the corpus.

    Parameters
    ----------
    corpus : Corpus
        Where the families are.
    families : sequence of str
        Their names; empty for all that differ in scale only and have five sizes.
    budgets : sequence of float
        Shares of the target's training FLOPs, above 0 and below 1.
    jobs : int
        Processes; results do not depend on it.

    Returns
    -------
    DataFrame
        One row for each family, budget and policy: ``family``, ``related``, ``budget``, ``choice`` (not all whole runs
        that the budget pays for can be bought together), ``policy``, ``runs`` (bought), ``share`` (spent), ``are``,
        ``best`` (ARE of the best set in hindsight) and ``regret``. The random policy is the mean over its draws.
        Budgets below the cheapest run are left out.

    Raises
    ------
    Misuse
        A budget is no share, or a family has too few sizes.
    """
    import pandas as pd

    from ..engine.batch import parallel

    if wrong := [share for share in budgets if not 0 < share < 1]:
        raise Misuse(f"a budget of {wrong[0]:g}: write a share of the target's training, above 0 and below 1")
    names = list(families) or families_with_points(corpus, LEAST)
    scenes = {points.family: scene(points) for points in points_of_families(corpus, names)}
    if families and (bare := [name for name, found in scenes.items() if found is None]):
        raise Misuse(
            f"{bare[0]} has nothing to simulate: it needs {LEAST} sizes with their FLOPs, and runs to choose from"
        )
    played = parallel(_Play(tuple(budgets)), [found for found in scenes.values() if found], jobs)
    return pd.DataFrame([row for rows in played for row in rows])


@dataclass(frozen=True)
class _Play:
    """All decisions of one family, as a task that another process can take."""

    budgets: tuple[float, ...]

    def __call__(self, scene: Scene) -> list[dict[str, Any]]:
        points = scene.points
        error = after(scene)
        belief = settle(doubting(points.related), *measured(points, scene.ratio, scene.seen(())))
        problem = scene.problem(belief)
        rows = []
        for budget in self.budgets:
            if scene.cost.min() > budget:
                continue
            bought = {name: _bought(name, Game(scene, problem, budget)) for name in POLICIES}
            more = [POLICIES["random"](Game(scene, problem, budget, DRAWS + k)) for k in range(HINDSIGHT)]
            singles = [(k,) for k in np.flatnonzero(scene.cost <= budget).tolist()][:HINDSIGHT]
            tried = [arms for some in bought.values() for arms in some]
            best = min(error(arms) for arms in [*tried, *more, *singles])
            rows += [_row(scene, budget, name, sets, error, best) for name, sets in bought.items()]
        return rows


def _bought(name: str, game: Game) -> list[tuple[int, ...]]:
    draws = range(DRAWS if name == "random" else 1)
    return [POLICIES[name](Game(game.scene, game.problem, game.budget, seed)) for seed in draws]


def after(scene: Scene) -> Callable[[tuple[int, ...]], float]:
    """ARE of the forecast after some arms, each computed once; the family's own group has taught it nothing."""
    points, known = scene.points, dict[tuple[int, ...], float]()
    priors, asked = experience().priors((points.related,)), points.where(np.isin(np.arange(len(points)), scene.asked))

    def error(arms: tuple[int, ...]) -> float:
        if arms not in known:
            told = mixture(points.where(scene.seen(arms)), priors).at(asked["params"], asked["tokens"])
            known[arms] = float(np.mean(np.abs(relative_error(np.exp(told.log_loss), asked["loss"]))))
        return known[arms]

    return error


def _row(
    scene: Scene,
    budget: float,
    name: str,
    sets: Sequence[tuple[int, ...]],
    error: Callable[[tuple[int, ...]], float],
    best: float,
) -> dict[str, Any]:
    points = scene.points
    are = float(np.mean([error(arms) for arms in sets]))
    share = float(np.mean([scene.cost[list(arms)].sum() for arms in sets]))
    ends = [scene.arms[k].row for k in sets[0]]
    told = "; ".join(f"{points['params'][k]:.3g} on {points['tokens'][k]:.3g}" for k in ends)
    return {
        "family": points.family,
        "related": points.related or points.family,
        "budget": budget,
        "choice": scene.leaves_a_choice(budget),
        "policy": name,
        "runs": told if len(sets) == 1 else "",
        "share": share,
        "are": are,
        "best": best,
        "regret": are - best,
    }


@dataclass(frozen=True, kw_only=True)
class Duel(Tally):
    """A policy against another, over families.

    Parameters
    ----------
    without_choice : int
        Families, of those that are level, where all whole runs that a budget pays for can be bought together.
    are, other_are : float
        Typical ARE of both: means over budgets and families, then the median over groups.
    """

    without_choice: int
    are: float
    other_are: float

    @property
    def sentence(self) -> str:
        """The duel in words."""
        said = self.said("a lower error on", "families", f" ({self.without_choice} of them leave no choice)")
        return f"{said}; typical ARE {100 * self.are:.2f} % for {100 * self.other_are:.2f} %"


def errors(rows: pd.DataFrame) -> pd.DataFrame:
    """ARE by budget (index) and policy (columns): mean over families of a group, then median over groups."""
    within = rows.groupby(["budget", "policy", "related"])["are"].mean()
    told: pd.DataFrame = within.groupby(["budget", "policy"]).median().unstack()[[*POLICIES]]
    best = rows.groupby(["budget", "related"])["best"].mean().groupby("budget").median()
    return told.assign(best=best)


def duel(rows: pd.DataFrame, policy: str = "design", other: str = "doubling") -> Duel:
    """Compare two policies by their mean regret over budgets, family by family.

    Parameters
    ----------
    rows : DataFrame
        See `simulated`.
    """
    known(POLICIES, policy, other)
    mean = rows.groupby(["family", "related", "policy"])["are"].mean().unstack()
    level = (mean[other] - mean[policy]).abs().to_numpy() <= LEVEL
    choice = rows.groupby(["family", "related"])["choice"].any().loc[mean.index].to_numpy()
    groups = mean.index.get_level_values("related").to_numpy()
    ares = [float(np.median(by_group(mean[name].to_numpy(), groups, statistic="mean")[0])) for name in (policy, other)]
    more = {"without_choice": int((level & ~choice).sum()), "are": ares[0], "other_are": ares[1]}
    return Duel.of(mean, policy, other, **more)
