"""From columns to problems: what is checked before a fit, and how problems of unequal length lie side by side."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalebook.corpus.errors import Misuse

from ..law import Array, Columns, Law
from .coordinates import Coordinates
from .objective import Problems

_EXPECTED = {
    "params": (1e4, np.inf, "parameters, not millions or billions of them"),
    "tokens": (1e6, np.inf, "tokens, not millions or billions of them"),
    "unique_tokens": (1e6, np.inf, "tokens, not millions or billions of them"),
    "flops": (1e9, np.inf, "FLOPs, not PFLOP-days or exaFLOPs"),
    "loss": (0.0, 20.0, "a loss in nats per token, not a perplexity"),
}
"""Columns whose largest value betrays another unit, by range."""


ODD = 100.0
"""A value so many times below what the largest of a column must reach is in another unit: first checkpoints are not."""
GOLDEN = (1 + 5**0.5) / 2


class BadNumbers(Misuse):
    """A column holds values that no fit can take; in a batch, the status of that table."""


@dataclass(frozen=True)
class Table:
    """One problem, checked.

    Attributes
    ----------
    logs : array, shape (inputs, n)
        Logarithms of the inputs.
    target, weight : array, shape (n,)
    clusters : array of int, shape (n,), or None
    warnings : tuple of str
    """

    logs: Array
    target: Array
    weight: Array
    clusters: NDArray[np.intp] | None
    warnings: tuple[str, ...]

    @classmethod
    def unreadable(cls, law: Law) -> Table:
        """No rows, in the place of a table that cannot be used."""
        return cls(np.zeros((len(law.inputs), 0)), np.zeros(0), np.zeros(0), None, ())

    @property
    def n_points(self) -> int:
        """Rows of positive weight."""
        return int(np.count_nonzero(self.weight))


@dataclass(frozen=True)
class Bundle:
    """Tables end to end: what goes to another process in one piece rather than in thousands.

    Attributes
    ----------
    numbers : array, shape (inputs + 2, points of all tables)
        Logarithms of the inputs, targets and weights.
    labels : array of int, shape (points of all tables,), or None
        Clusters, -1 in a table without; None if all are.
    ends : array of int, shape (tables,)
        Where each ends.
    warnings : tuple of tuple of str
    """

    numbers: Array
    labels: NDArray[np.intp] | None
    ends: NDArray[np.intp]
    warnings: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, tables: Sequence[Table]) -> Bundle:
        """Copy tables."""
        ends = np.cumsum([len(t.target) for t in tables], dtype=np.intp)
        numbers = np.empty((len(tables[0].logs) + 2, ends[-1]))
        some = any(t.clusters is not None for t in tables)
        labels = np.full(ends[-1], -1, dtype=np.intp) if some else None
        for table, end in zip(tables, ends.tolist(), strict=True):
            here = slice(end - len(table.target), end)
            numbers[:-2, here], numbers[-2, here], numbers[-1, here] = table.logs, table.target, table.weight
            if labels is not None and table.clusters is not None:
                labels[here] = table.clusters
        return cls(numbers, labels, ends, tuple(t.warnings for t in tables))

    def tables(self) -> list[Table]:
        """The tables, as views."""
        tables = []
        for begin, end, warnings in zip([0, *self.ends[:-1].tolist()], self.ends.tolist(), self.warnings, strict=True):
            part = self.numbers[:, begin:end]
            known = self.labels is not None and begin < end and self.labels[begin] >= 0
            labels = self.labels[begin:end] if self.labels is not None and known else None
            tables.append(Table(part[:-2], part[-2], part[-1], labels, warnings))
        return tables


def read(law: Law, data: Columns, weights: ArrayLike | None, clusters: ArrayLike | None, where: str = "") -> Table:
    """Check the columns that a law needs.

    Parameters
    ----------
    where : str
        What to call this table in a message, such as ``"problem 3: "``.

    Raises
    ------
    Misuse
        A column is missing, is not numeric, has another length, or holds values that are not finite and positive.
    """
    columns = [_column(data, name, where) for name in (*law.inputs, law.target)]
    n = len(columns[-1])
    weight = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    lengths = {name: len(c) for name, c in zip((*law.inputs, law.target), columns, strict=True)}
    if weights is not None:
        lengths["weights"] = len(weight)
    labels = None
    if clusters is not None:
        labels = np.unique(np.asarray(clusters), return_inverse=True)[1].reshape(-1)
        lengths["clusters"] = len(labels)
    if len(set(lengths.values())) > 1:
        raise Misuse(f"{where}columns differ in length: {', '.join(f'{k} {v}' for k, v in lengths.items())}")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise Misuse(f"{where}weights must be finite and not negative")
    warnings = tuple(w for name, c in zip(lengths, columns, strict=False) for w in _suspicious(name, c))
    return Table(np.log(np.array(columns[:-1]).reshape(len(law.inputs), n)), columns[-1], weight, labels, warnings)


def _column(data: Columns, name: str, where: str) -> Array:
    if name not in data:
        close = difflib.get_close_matches(name, [str(k) for k in data], n=1, cutoff=0.4)
        hint = f"; did you mean to rename '{close[0]}'?" if close else ""
        raise Misuse(f"{where}no column '{name}'{hint} (columns: {', '.join(map(str, data))})")
    given = data[name]
    if isinstance(given, np.ma.MaskedArray):  # what is masked is not known
        given = np.ma.filled(given.astype(float), np.nan)
    try:
        if np.iscomplexobj(given):
            raise TypeError
        column = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise Misuse(f"{where}column '{name}' is not numeric: {data[name]!r:.80}") from None
    if column.ndim != 1:
        raise Misuse(f"{where}column '{name}' must have one dimension, it has shape {column.shape}")
    good = (column > 0) & (column < np.inf)
    if not good.all():
        row = int(np.argmin(good))
        count = int(len(column) - good.sum())
        raise BadNumbers(
            f"{where}column '{name}' has {count} of {len(column)} values that are not finite and positive "
            f"(the first is {column[row]} in row {row}); drop them"
        )
    return column


def _suspicious(name: str, column: Array) -> list[str]:
    low, high, meant = _EXPECTED.get(name, (0.0, np.inf, ""))
    if not len(column):
        return []
    largest, least = float(column.max()), float(column.min())
    if not low <= largest <= high:
        return [f"the largest value of '{name}' is {largest:.6g}: it is meant to hold {meant}"]
    if least < low / ODD:
        return [f"the least value of '{name}' is {least:.6g}, the largest {largest:.6g}: it is meant to hold {meant}"]
    return []


def width(n: int) -> int:
    """Length that a table of n rows is padded to: the next of 8, 12, 16, 23, 32, 46, ...

    It depends on the table alone, so that its result is the same to the last bit whatever it is solved with.
    """
    return math.ceil(8 * 2 ** (math.ceil(2 * math.log2(max(n, 8) / 8) - 1e-9) / 2) - 1e-9)


def pack(coordinates: Coordinates, tables: Sequence[Table], width: int) -> Problems:
    """Lay tables side by side, padded to a common length with points of no weight.

    Parameters
    ----------
    width : int
        Points kept of each: longer tables are thinned evenly along their inputs, whatever the order of their rows.
    """
    rows = len(tables)
    logs = np.zeros((len(coordinates.law.inputs), rows, width))
    target, weight = np.ones((rows, width)), np.zeros((rows, width))
    for row, table in enumerate(tables):
        n = len(table.target)
        if n <= width:
            logs[:, row, :n], target[row, :n], weight[row, :n] = table.logs, table.target, table.weight
            logs[:, row, n:], target[row, n:] = table.logs[:, :1], table.target[0]  # inside the formula's domain
        else:
            pick = _in_order(table)[(np.arange(width) * n + n // 2) // width]
            logs[:, row], target[row], weight[row] = table.logs[:, pick], table.target[pick], table.weight[pick]
    shift = shifts(coordinates, tables)
    logs -= shift.T[:, :, None]
    return Problems(tuple(np.exp(logs)), tuple(logs), target, weight, shift)


def _in_order(table: Table) -> NDArray[np.intp]:
    """Rows in an order that depends on what they hold and not on where they stand."""
    columns = (*table.logs, np.log(table.target))
    key = sum(GOLDEN**-k * column for k, column in enumerate(columns))  # no common multiples: hardly any ties
    order: NDArray[np.intp] = np.argsort(key)
    return order


def shifts(coordinates: Coordinates, tables: Sequence[Table]) -> Array:
    """Mean logarithm of the inputs that are centred, shape (tables, inputs); zero for the others."""
    law = coordinates.law
    owner = [coordinates.shift_of(name) for name in law.inputs]
    shift = np.zeros((len(tables), len(law.inputs)))
    for row, table in enumerate(tables):
        if table.target.size:
            shift[row] = table.logs.mean(axis=1)[owner]
    return np.where(coordinates.centred, shift, 0.0)
