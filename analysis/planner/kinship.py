"""How closely recipes are related, learnt from the contests of the corpus and kept in ``kinship.json``.

Kinship is chosen by the density of what was observed: that of the differences between recipes at their target, given
the runs of any state that a game may be in. Groups of families weigh the same, and what is kept for a group is learnt
from the others. The regret of a policy does not decide it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.files import write_atomically

from .belief import Array
from .climb import Climb, Steps, climb
from .contest import Contest, contests
from .together import Kinship

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

FILE = Path(__file__).with_name("kinship.json")
#: What is tried, and states with random steps beside the first and the last.
LAW, MISFIT = (0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998), (0.5, 0.7, 0.8, 0.9)
STATES = 4


def kinship(group: str = "") -> Kinship:
    """What the corpus teaches, but for a group of related families."""
    told = _kept()
    return Kinship(**told["without"].get(group, told["all"]))


@cache
def _kept() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return told


def tried(contest: Contest) -> list[dict[str, Any]]:
    """Density of the differences in a contest under every kinship, a row each."""
    some = climb(contest, None)
    rows = []
    for law in LAW:
        for misfit in MISFIT:
            played = replace(some, kinship=Kinship(law, misfit))
            found = [density(played, taken) for taken in states(some)]
            rows.append({"related": contest.related, "law": law, "misfit": misfit, "density": float(np.mean(found))})
    return rows


def states(some: Climb) -> Iterator[Steps]:
    """Steps taken at first, at last, and in some states between."""
    count, last = some.cost.shape
    rng = np.random.default_rng(0)
    yield np.zeros(count, np.int64)
    yield np.full(count, last)
    yield from (rng.integers(0, last + 1, count) for _ in range(STATES))


def density(played: Climb, taken: Steps) -> float:
    """Logarithm of the normal density of the differences at the target, per difference."""
    mean, covariance = played.forecast(taken)
    error = played.contest.truth - mean
    contrasts = _contrasts(len(mean))
    spread = contrasts @ covariance @ contrasts.T
    told = contrasts @ error
    _, size = np.linalg.slogdet(spread)
    return -float(told @ np.linalg.solve(spread, told) + size) / 2 / len(told) - float(np.log(2 * np.pi)) / 2


def _contrasts(count: int) -> Array:
    """Orthonormal differences, shape (count - 1, count)."""
    centred = np.eye(count) - 1 / count
    found: Array = np.linalg.eigh(centred)[1][:, 1:].T
    return found


def best(rows: pd.DataFrame, without: str = "") -> Kinship:
    """The kinship with the highest mean density over groups.

    Parameters
    ----------
    rows : DataFrame
        See `tried`.
    without : str
        Group that is left out.
    """
    kept = rows[rows["related"] != without]
    within = kept.groupby(["law", "misfit", "related"])["density"].mean()
    told = within.groupby(["law", "misfit"]).mean().reset_index()
    law, misfit = told.loc[told["density"].to_numpy().argmax(), ["law", "misfit"]].to_numpy(float)
    return Kinship(float(law), float(misfit))


def learn(corpus: Corpus, jobs: int = 1) -> dict[str, Any]:
    """What is kept: the kinship of all groups together, and without each."""
    import pandas as pd

    from ..engine.batch import parallel

    rows = pd.DataFrame([row for found in parallel(tried, contests(corpus), jobs) for row in found])
    groups = sorted(set(rows["related"]))
    return {"all": asdict(best(rows)), "without": {group: asdict(best(rows, group)) for group in groups}}


def write(corpus: Corpus, jobs: int = 1) -> None:
    """Learn, and keep it."""
    write_atomically(FILE, (json.dumps(learn(corpus, jobs), indent=1) + "\n").encode())
