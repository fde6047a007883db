"""How much less to believe runs whose tokens per parameter are unlike the target's, when runs are chosen.

Of many runs a choice picks those of which the law promises most, and these are too often small runs with few tokens per
parameter. The discount is learnt by what choices lead to: `simulation` is played with every discount of a grid, and
that with the least mean logarithm of the error is kept, groups of families weighing the same. For a family its own
group is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..points import families_with_points, points_of_families
from .belief import Prior, settle
from .experience import discounted, prior_of
from .measured import measured
from .policies import Game, design
from .scene import LEAST, Scene, scene
from .simulation import BUDGETS, after

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

#: Discounts that are tried: standard deviation of log loss per unit of log(D / N).
GRID = (0.0, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.05)
#: Errors that differ by less are equal; of equal ones the smaller discount is taken.
_LEVEL = 1e-9


def _with_every_discount(task: tuple[Scene, Prior]) -> list[dict[str, Any]]:
    """All discounts on one family; a function of a module, so that another process can take it."""
    played, prior = task
    points, error = played.points, after(played)
    seen = measured(points, played.ratio, played.seen(()))
    budgets = [budget for budget in BUDGETS if played.cost.min() <= budget]
    family, related = points.family, points.related or points.family
    rows = []
    for discount in GRID if budgets else ():
        problem = played.problem(settle(discounted(prior, discount), *seen))
        ares = [error(design(Game(played, problem, budget))) for budget in budgets]
        rows.append({"family": family, "related": related, "discount": discount, "are": float(np.mean(ares))})
    return rows


def tried(corpus: Corpus, told: Mapping[str, Any], families: Sequence[str] = (), jobs: int = 1) -> pd.DataFrame:
    """What designs lead to with every discount.

    Parameters
    ----------
    corpus : Corpus
        Where the families are.
    told : dict
        Content of ``experience.json``; a family is played without its group.
    families : sequence of str
        Their names; empty for all that can be simulated.
    jobs : int
        Processes.

    Returns
    -------
    DataFrame
        ``family``, ``related``, ``discount``, and ``are``: the mean over budgets of the absolute relative error of the
        forecast of the largest model, made by `scalebook predict`.
    """
    import pandas as pd

    from ..engine.batch import parallel

    names = list(families) or families_with_points(corpus, LEAST)
    scenes = [found for points in points_of_families(corpus, names) if (found := scene(points)) is not None]
    tasks = [(one, prior_of(told, one.points.related)) for one in scenes]
    return pd.DataFrame([row for rows in parallel(_with_every_discount, tasks, jobs) for row in rows])


def best(rows: pd.DataFrame, without: str = "") -> float:
    """The discount with the least mean log error, over families of a group and then over groups.

    Parameters
    ----------
    rows : DataFrame
        As from `tried`.
    without : str
        A group that has no say.
    """
    rest = rows[rows["related"] != without]
    by_group = np.log(rest["are"]).groupby([rest["discount"], rest["related"]]).mean()
    typical = by_group.groupby("discount").mean().sort_index()
    return float(typical.index[np.flatnonzero(typical <= typical.min() + _LEVEL)[0]])


def with_discounts(told: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """``experience.json`` with the discounts that some rows teach, for all groups and without each."""
    without = {group: {**own, "design_discount": best(rows, group)} for group, own in told["without"].items()}
    return {**told, "all": {**told["all"], "design_discount": best(rows)}, "without": without}
