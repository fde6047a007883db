"""An approach is a way to read the optimal size and tokens off training runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scalebook.corpus.names import Registry

from ..bases import refuse_mixture
from ..points import Points
from .frontier import Frontier, Options, nothing


@dataclass(frozen=True)
class Approach:
    """A way to find a frontier.

    Parameters
    ----------
    find : callable
        Points and options to a frontier, which says so in its status where the data do not give one.
    """

    find: Callable[[Points, Options], Frontier]

    @property
    def name(self) -> str:
        """Name of the file that defines it."""
        return self.find.__module__.rsplit(".", 1)[-1]

    @property
    def title(self) -> str:
        """First line of the file."""
        return str(self.find.__globals__.get("__doc__") or self.name).strip().splitlines()[0]


#: No intervals, and a log-Huber fit.
DEFAULT = Options()

approaches: Registry[Approach] = Registry("scalebook.analysis.optimal.approaches", "APPROACH", Approach)


def optimal(points: Points, approach: str, options: Options = DEFAULT) -> Frontier:
    """Optimal size and tokens as powers of compute.

    Parameters
    ----------
    points : Points
        Runs of one recipe that differ in scale. Points without size, tokens, FLOPs or loss are left out.
    approach : str
        Name of an approach; see `approaches`.

    Returns
    -------
    Frontier
        Always: what the data do not give is its status.

    Raises
    ------
    UnknownName
        If there is no such approach.
    Misuse
        If the points count sizes or FLOPs in several ways, and that is not allowed.
    """
    chosen = approaches[approach]
    refuse_mixture(points, ("params", "tokens", "flops"), allowed=options.allow_mixed)
    needed = ("params", "tokens", "flops", "loss")
    missing = [name for name in needed if name not in points.columns]
    if missing:
        return nothing(chosen.name, points, "too_few_budgets", f"the points have no {', '.join(missing)}")
    usable = np.all([np.isfinite(points[name]) & (points[name] > 0) for name in needed], axis=0)
    return chosen.find(points.where(usable), options)
