"""Resampling: thousands of refits from one optimum, as one batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import Misuse, UnknownName

from ..law import Array, Columns, Law
from .batch import parallel
from .coordinates import Coordinates
from .data import Table, pack, read
from .fitted import Fit
from .record import count_clusters, is_level, known_law, whole
from .refits import Bootstrap
from .search import EXACT, descend, losses

How = Literal["pairs", "wild"]

RESAMPLES = 500
"""Resamples that share a seed."""


def resample(
    law: Law,
    data: Columns,
    fit: Fit,
    n: int,
    weights: ArrayLike | None,
    clusters: ArrayLike | None,
    seed: int,
    jobs: int,
    how: How,
) -> Bootstrap:
    """Bootstrap; see `bootstrap`."""
    known_law(law)
    for name, number, least in (("n", n, 2), ("seed", seed, 0), ("jobs", jobs, 1)):
        whole(name, number, least)
    table = read(law, data, weights, clusters)
    if how not in get_args(How):
        raise UnknownName("way to resample", str(how), get_args(How))
    if fit.law != law or law.estimate is not None:
        raise Misuse(f"a bootstrap of {law.name} starts from its fit, not from one of {fit.law.name}")
    if not law.free:
        raise Misuse(f"all coefficients of {law.name} are given: there is nothing to fit again")
    if not np.isfinite(list(fit.values.values())).all():
        raise Misuse(f"there are no coefficients to start from: {fit.reason}")
    if fit.status != "converged":
        raise Misuse(
            f"the fit is {fit.status.replace('_', ' ')} ({fit.reason}), and refits of resampled data scatter about a"
            " converged fit only: leave the bootstrap out, or give data that determine the law"
        )
    coordinates, steps = Coordinates(law), losses(fit.objective, fit.delta)
    problems = pack(coordinates, [table], len(table.target))
    fitted = np.broadcast_to(law.predict(*np.exp(table.logs), **fit.values), table.target.shape)
    residual = table.target / fitted  # turned over as a factor, so that no target becomes negative
    x = coordinates.from_natural(np.array([list(fit.values.values())]), problems.shift)

    def chunk(first: int) -> tuple[Array, Array, NDArray[np.bool_]]:
        count = min(RESAMPLES, n - first)
        if how == "wild":
            drawn = replace(problems, target=fitted * residual ** draw_signs(table, count, [seed, first]))
        else:
            drawn = replace(problems, weight=problems.weight * draw_counts(table, count, [seed, first]))
        state = descend(coordinates, steps, np.tile(x, (count, 1)), drawn, np.arange(count), EXACT)
        return coordinates.natural(state.x, problems.shift)[0], state.value, state.done

    parts = parallel(chunk, range(0, n, RESAMPLES), jobs)
    values, objective, done = (np.concatenate(part) for part in zip(*parts, strict=True))
    centre = np.array([*fit.values.values()])
    log = np.array([is_level(law.coefficients[name], value) for name, value in fit.values.items()])
    return Bootstrap(tuple(law.coefficients), values, objective, done, count_clusters(table), centre, log)


def draw_signs(table: Table, count: int, seed: list[int]) -> Array:
    """Plus or minus one for every row, the same for all rows of a cluster, shape (count, n).

    References
    ----------
    .. [1] Liu (1988), Bootstrap procedures under some non-i.i.d. models, Annals of Statistics 16.
    """
    labels = np.arange(len(table.target)) if table.clusters is None else table.clusters
    signs = np.random.default_rng(seed).integers(0, 2, (count, int(labels.max()) + 1)) * 2 - 1
    return _by_row(signs, labels)


def draw_counts(table: Table, count: int, seed: list[int]) -> Array:
    """How often each row is drawn, shape (count, n)."""
    labels = np.arange(len(table.target)) if table.clusters is None else table.clusters
    groups = int(labels.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=count)
    return _by_row(drawn, labels)


def _by_row(values: NDArray[np.int64], labels: NDArray[np.intp]) -> Array:
    """What each cluster has, at all of its rows, which lie together: else every pass over one resample jumps."""
    taken: Array = np.take(values.astype(float), labels, axis=1)
    return taken
