"""Resampling: thousands of refits from one optimum, as one batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import Misuse

from ..law import Array, Columns, Law
from .batch import parallel
from .coordinates import Coordinates
from .data import Table, pack, read
from .fitted import Bootstrap, Fit
from .search import EXACT, descend, losses

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
) -> Bootstrap:
    """Bootstrap; see `bootstrap`."""
    table = read(law, data, weights, clusters)
    if fit.law != law or law.estimate is not None:
        raise Misuse(f"a bootstrap of {law.name} starts from its fit, not from one of {fit.law.name}")
    if not np.isfinite(list(fit.values.values())).all():
        raise Misuse(f"there are no coefficients to start from: {fit.reason}")
    coordinates, steps = Coordinates(law), losses(fit.objective, fit.delta)
    problems = pack(coordinates, [table], len(table.target))
    x = coordinates.from_natural(np.array([list(fit.values.values())]), problems.shift)

    def chunk(first: int) -> tuple[Array, Array, NDArray[np.bool_]]:
        count = min(RESAMPLES, n - first)
        drawn = replace(problems, weight=problems.weight * draw_counts(table, count, [seed, first]))
        reached, value, done = descend(coordinates, steps, np.tile(x, (count, 1)), drawn, np.arange(count), EXACT)
        return coordinates.natural(reached, problems.shift)[0], value, done

    parts = parallel(chunk, range(0, n, RESAMPLES), jobs)
    values, objective, done = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Bootstrap(tuple(law.coefficients), values, objective, done)


def draw_counts(table: Table, count: int, seed: list[int]) -> Array:
    """How often each row is drawn, shape (count, n)."""
    labels = np.arange(len(table.target)) if table.clusters is None else table.clusters
    groups = int(labels.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=count)
    counts: Array = drawn[:, labels].astype(float)
    return counts
