"""Batches: tables read as they are needed, sorted by length and solved in chunks of bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import Misuse

from ..law import Array, Columns, Law
from .coordinates import Coordinates
from .corners import MANY, walk
from .data import BadNumbers, Bundle, Table, pack, read, shifts, width
from .exhaustive import LONG, exhaust, from_ends
from .fitted import Fit
from .objective import Loss
from .record import LEVEL, Options, Solved, doubtful, empty, read_off, record
from .search import LAD, Solution, by_width, losses, search
from .solver import Rows
from .uncertainty import FLAT, Evidence, assess

POINTS = 1_600_000
"""Points of one chunk, but for its last table: what bounds the memory of a batch, at about 100 bytes each."""
PROBLEMS = 3000
"""Most problems of one chunk, on average."""
CORNERED, NOISY = 14, 10.0
"""So few points, with residuals so many deltas long on average, leave a robust loss several minima close together."""
LARGEST = 1e150
"""The squares of larger derivatives are beyond what a number can hold."""


@dataclass(frozen=True)
class _Item:
    """A problem that was read: its columns, the table, and why it cannot be used if it cannot."""

    data: Columns
    table: Table
    broken: str


def solve_batch(
    law: Law,
    problems: Iterable[Columns],
    options: Options,
    weights: Iterable[ArrayLike | None] | None,
    clusters: Iterable[ArrayLike | None] | None,
    jobs: int,
) -> Iterator[Fit]:
    """Fit every table, reading no more of them at once than fill a chunk for every process; see `fit_stream`."""
    coordinates = Coordinates(law)
    items = _read_all(law, _together(problems, weights, clusters))
    windows = iter(lambda: list(_window(items, jobs)), [])
    return chain.from_iterable(_solve_window(coordinates, options, window, jobs) for window in windows)


def _window(items: Iterator[_Item], jobs: int) -> Iterator[_Item]:
    """As many of the next items as are worked on at once."""
    points = 0
    for count, item in enumerate(items, 1):
        yield item
        points += len(item.table.target)
        if points >= POINTS * jobs or count >= PROBLEMS * jobs:
            return


def _solve_window(coordinates: Coordinates, options: Options, window: list[_Item], jobs: int) -> list[Fit]:
    law, tables = coordinates.law, [item.table for item in window]
    fits: list[Fit | None] = [None] * len(window)
    for k, item in enumerate(window):
        if item.broken:
            fits[k] = replace(empty(law, options, item.table, item.broken), status="bad_input")
        elif law.estimate is not None or not law.free:
            fits[k] = _read_off(coordinates, options, item)
    chunks = _chunks([k for k, f in enumerate(fits) if f is None], tables, jobs)
    for chunk, found in zip(chunks, _solve_chunks(coordinates, options, chunks, tables, jobs), strict=True):
        for k, fit in zip(chunk, found, strict=True):
            fits[k] = fit if jobs == 1 else replace(fit, law=law)  # the caller's, not a copy that came back
    return [fit for fit in fits if fit is not None]


def _read_off(coordinates: Coordinates, options: Options, item: _Item) -> Fit:
    begin = time.perf_counter()
    blank = empty(coordinates.law, options, item.table, _too_few(coordinates, item.table))
    fit = blank if blank.reason else read_off(blank, item.data, item.table)
    return replace(fit, seconds=time.perf_counter() - begin)


def _solve_chunks(
    coordinates: Coordinates, options: Options, chunks: list[list[int]], tables: list[Table], jobs: int
) -> list[list[Fit]]:
    """Fits by chunk. Tables go to other processes end to end: one by one, sending takes as long as solving."""
    if jobs == 1:
        return [_solve_chunk(coordinates, options, [tables[k] for k in chunk]) for chunk in chunks]
    bundles = (Bundle.of([tables[k] for k in chunk]) for chunk in chunks)  # the first is solved as the next is made
    return parallel(partial(_solve_bundle, coordinates, options), bundles, jobs)


def _solve_bundle(coordinates: Coordinates, options: Options, bundle: Bundle) -> list[Fit]:
    return _solve_chunk(coordinates, options, bundle.tables())


def _solve_chunk(coordinates: Coordinates, options: Options, tables: list[Table]) -> list[Fit]:
    begin = time.perf_counter()
    fits = [empty(coordinates.law, options, table, _too_few(coordinates, table)) for table in tables]
    usable = [k for k, fit in enumerate(fits) if not fit.reason]
    if usable:
        solved = _solve(coordinates, options, [tables[k] for k in usable])
        for row, k in enumerate(usable):
            fits[k] = record(fits[k], coordinates, tables[k], solved, row)
    seconds = (time.perf_counter() - begin) / len(tables)
    return [replace(fit, seconds=seconds) for fit in fits]


_Given = tuple[Columns, ArrayLike | None, ArrayLike | None]


def _together(
    problems: Iterable[Columns],
    weights: Iterable[ArrayLike | None] | None,
    clusters: Iterable[ArrayLike | None] | None,
) -> Iterator[_Given]:
    """Every problem with its weights and clusters.

    Raises
    ------
    Misuse
        There are more or fewer of them than problems: known at once if all have a length, otherwise at the end.
    """
    for name, given in (("weights", weights), ("clusters", clusters)):
        if isinstance(given, Sized) and isinstance(problems, Sized) and len(given) != len(problems):
            raise Misuse(f"{name} are given for {len(given)} of {len(problems)} problems")
    names = [name for name, given in (("weights", weights), ("clusters", clusters)) if given is not None]
    rows = zip(*(given for given in (problems, weights, clusters) if given is not None), strict=True)

    def paired() -> Iterator[_Given]:
        while True:
            try:
                row = next(rows, None)
            except ValueError:  # of `zip`
                raise Misuse(f"there are not as many {' or '.join(names)} as problems") from None
            if row is None:
                return
            extra = dict(zip(names, row[1:], strict=True))
            yield row[0], extra.get("weights"), extra.get("clusters")

    return paired()


def _read_all(law: Law, given: Iterator[_Given]) -> Iterator[_Item]:
    """Every table, and of those of a batch that hold numbers that no fit can take, why; alone, such a one is misuse."""
    first = list(islice(given, 2))
    for k, (data, weight, labels) in enumerate(chain(first, given)):
        where = f"problem {k}: " if len(first) > 1 else ""
        try:
            item = _Item(data, read(law, data, weight, labels, where), "")
        except BadNumbers as error:
            if not where:
                raise
            item = _Item(data, Table.unreadable(law), str(error).removeprefix(where))
        yield item


def _too_few(coordinates: Coordinates, table: Table) -> str:
    """Why there are too few points for this law, or nothing."""
    p, n = len(coordinates.free), table.n_points
    if coordinates.law.estimate is not None or not p:
        return "" if n else "no points"
    if n < p + 1:
        return f"{n} points for {p} coefficients; at least {p + 1} are needed"
    logs = table.logs[:, table.weight > 0]
    for some in (logs[:, :64], logs):  # a few rows nearly always show that there are enough
        distinct = len(set(zip(*some.tolist(), strict=True)))
        if distinct >= p:
            return ""
    return f"{distinct} distinct points for {p} coefficients"


def _chunks(usable: Sequence[int], tables: Sequence[Table], jobs: int) -> list[list[int]]:
    """Indices of tables in chunks of bounded size and of like contents: each takes every so-many-th, by length."""
    order = sorted(usable, key=lambda k: -len(tables[k].target))
    points = sum(len(tables[k].target) for k in usable)
    least = -(-len(usable) // PROBLEMS), points // POINTS
    count = min(len(usable), -(-max(least) // jobs) * jobs)
    return [order[first::count] for first in range(count)]


def parallel(task: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> list[Any]:
    """Apply a task to every item, in this process or in several; the order is kept."""
    if jobs == 1:
        return [task(item) for item in items]
    from joblib import Parallel, delayed

    result: list[Any] = Parallel(n_jobs=jobs)(delayed(task)(item) for item in items)
    return result


def _solve(coordinates: Coordinates, options: Options, tables: list[Table]) -> Solved:
    steps = losses(options.objective, options.delta)
    found = search(coordinates, steps, tables, options.starts, options.seed)
    evidence = _evidence(coordinates, steps[-1], found, tables)
    if options.objective in LAD and len(stuck := _stuck(options, found, evidence, tables)):
        here = [tables[int(k)] for k in stuck]
        again = walk(coordinates, steps, here, options.starts, options.seed, found.take(stuck))
        _keep_better(coordinates, steps[-1], tables, found, evidence, stuck, again)
    unsure = _unsure(options, steps[-1], found, evidence, tables)
    if len(unsure):
        here = [tables[int(k)] for k in unsure]
        again = exhaust(coordinates, steps, here, options.starts, options.seed, found.take(unsure))
        _keep_better(coordinates, steps[-1], tables, found, evidence, unsure, again)
    short = np.array([t.n_points < LONG for t in tables])
    if len(valleys := np.flatnonzero((evidence.condition > FLAT) & short)):
        here = [tables[int(k)] for k in valleys]
        again = from_ends(coordinates, steps, here, found.take(valleys), evidence.flat[valleys])
        _keep_better(coordinates, steps[-1], tables, found, evidence, valleys, again)
    values, jacobian = coordinates.natural(found.x, shifts(coordinates, tables))
    known = np.where(np.isnan(evidence.covariance), 0.0, evidence.covariance)
    lost = beyond(jacobian)
    kept = np.where(lost[:, :, None], 0.0, jacobian)
    return Solved(found, evidence, values, kept, in_units_of_data(jacobian, known))


def in_units_of_data(jacobian: Array, covariance: Array) -> Array:
    """Covariance of coefficients from that of coordinates.

    Parameters
    ----------
    jacobian : array, shape (rows, coefficients, p)
        Derivative of each coefficient in each coordinate.
    covariance : array, shape (rows, p, p)
        Of the coordinates.

    Returns
    -------
    array, shape (rows, coefficients, coefficients)
        NaN for a coefficient whose derivatives are beyond what a number can hold: Kaplan's scale ``Nc`` is, where the
        data do not fix its power, and a power near zero takes it out of range. What is not finite in `covariance` is
        a fault, and warns.
    """
    lost = beyond(jacobian)
    kept = np.where(lost[:, :, None], 0.0, jacobian)
    told: Array = kept @ covariance @ kept.transpose(0, 2, 1)
    told[lost[:, :, None] | lost[:, None, :]] = np.nan
    return told


def beyond(jacobian: Array) -> NDArray[np.bool_]:
    """Coefficients whose derivatives have squares beyond what a number can hold, shape (rows, coefficients)."""
    lost: NDArray[np.bool_] = np.any(~(np.abs(jacobian) < LARGEST), axis=2)
    return lost


def _keep_better(
    coordinates: Coordinates,
    loss: Loss,
    tables: Sequence[Table],
    found: Solution,
    evidence: Evidence,
    rows: Rows,
    again: Solution,
) -> None:
    """Enter what a further search found, where it is no worse."""
    proof = _evidence(coordinates, loss, again, [tables[int(k)] for k in rows])
    better = proof.value <= evidence.value[rows] * (1 + 1e-12)
    found.put(rows[better], again.x[better], again.done[better], again.agreeing[better])
    evidence.put(rows[better], proof.take(np.flatnonzero(better)))


def _stuck(options: Options, found: Solution, evidence: Evidence, tables: Sequence[Table]) -> Rows:
    """Tables whose absolute residuals are perhaps not least, as the search ended between corners."""
    short = np.array([t.n_points < MANY for t in tables])
    between = doubtful(found, evidence, options.starts) | (evidence.curvature <= LEVEL)
    rows: Rows = np.flatnonzero(between & (evidence.condition <= FLAT) & short)
    return rows


def _unsure(options: Options, loss: Loss, found: Solution, evidence: Evidence, tables: Sequence[Table]) -> Rows:
    """Tables to be searched the slow way: nothing is verified, or few points lie at many corners of the loss.

    Where starts agree on a flat valley, no start finds more than a place further along it: there its ends are tried.
    """
    points = np.array([t.n_points for t in tables])
    cornered = (points <= CORNERED) & (evidence.size > NOISY * loss.delta * points)
    valley = (evidence.condition > FLAT) & (found.agreeing > options.starts // 4)
    unsure = (doubtful(found, evidence, options.starts) & ~valley) | cornered
    rows: Rows = np.flatnonzero(unsure & (points < LONG))
    return rows


def _evidence(coordinates: Coordinates, loss: Loss, found: Solution, tables: Sequence[Table]) -> Evidence:
    """Evidence on the solutions of tables of any length, apart by how many clusters they have."""
    clusters = np.array([0 if t.clusters is None else width(int(t.clusters.max()) + 1) for t in tables])
    groups, parts = [], []
    for size, some in by_width([len(t.target) for t in tables]):
        for count in np.unique(clusters[some]):
            mine = some[clusters[some] == count]
            here = [tables[int(k)] for k in mine]
            labels = _labels(here, size) if count else None
            parts.append(assess(coordinates, loss, found.x[mine], pack(coordinates, here, size), labels))
            groups.append(mine)
    return Evidence.join(parts).take(np.argsort(np.concatenate(groups)))


def _labels(tables: Sequence[Table], size: int) -> NDArray[np.intp]:
    """Cluster labels side by side; padding, which has no weight, joins the first cluster."""
    labels = np.zeros((len(tables), size), dtype=np.intp)
    for row, table in enumerate(tables):
        assert table.clusters is not None
        labels[row, : len(table.clusters)] = table.clusters
    return labels
