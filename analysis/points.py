"""The points that laws are fitted to: one row per checkpoint with size, tokens, FLOPs and loss."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, UnknownName
from scalebook.corpus.own_runs import MINE

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

Mask = NDArray[np.bool_]


NUMBERS = ("params", "tokens", "flops", "loss", "unique_tokens")
BASES = ("params_basis", "flops_basis")

#: Sizes within this factor count as one; the closest neighbours on purpose in the corpus are 1.3 apart.
SAME_SIZE = 1.25


@dataclass(frozen=True)
class Points:
    """Checkpoints of runs that one law may describe, sorted by size, run and tokens.

    Parameters
    ----------
    family : str
        Where they are from.
    columns : mapping of str to array, each of shape (n,)
        ``run`` (text), ``params``, ``tokens``, ``flops`` and ``loss``; more where known. Tokens and FLOPs are positive.
        ``params_basis`` and ``flops_basis`` (text) say what N and C count; empty where the source does not.
    unit : str
        Unit of the loss.
    related : str
        Families with the same word share authors or data; the family's own name where nothing is known.
    """

    family: str
    columns: Mapping[str, NDArray[Any]]
    unit: str = "nats/token"
    related: str = ""

    def __len__(self) -> int:
        return len(self.columns["loss"])

    def __getitem__(self, column: str) -> NDArray[Any]:
        if column not in self.columns:
            raise UnknownName("column", column, self.columns)
        return self.columns[column]

    def where(self, mask: Mask) -> Points:
        """The points for which `mask`, of shape (n,), is true."""
        return replace(self, columns={name: values[mask] for name, values in self.columns.items()})

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """Distinct params, ascending."""
        return np.unique(self["params"])

    @cached_property
    def level(self) -> NDArray[np.int64]:
        """Which size each point has, counted from 0, shape (n,).

        Sizes that lie within a factor of 1.25 of the smallest of their level are one level: digitised sizes and those
        of isoFLOP grids are scattered, and 142 of them are not 142 sizes.
        """
        starts = [0.0]
        for size in self.sizes:
            if size > starts[-1] * SAME_SIZE:
                starts.append(float(size))
        return np.searchsorted(starts[1:], self["params"], side="right") - 1

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs, in order of first appearance."""
        return tuple(dict.fromkeys(self["run"].tolist()))

    @cached_property
    def run_index(self) -> NDArray[np.int64]:
        """Place of each point's run in `runs`, shape (n,)."""
        place = {run: k for k, run in enumerate(self.runs)}
        return np.array([place[run] for run in self["run"].tolist()], np.int64)

    @cached_property
    def run_tokens(self) -> NDArray[np.float64]:
        """Tokens at the last checkpoint of each point's run, shape (n,)."""
        _, index = np.unique(self["run"], return_inverse=True)
        last = np.zeros(index.max(initial=-1) + 1)
        np.maximum.at(last, index, self["tokens"])
        return last[index]

    @cached_property
    def digest(self) -> str:
        """Hash of the content, the same wherever it came from."""
        hashed = hashlib.sha256(f"{self.family} {self.unit} {self.related}".encode())
        for name in sorted(self.columns):
            values = self.columns[name]
            hashed.update(name.encode())
            hashed.update(
                "\0".join(values).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes()
            )
        return hashed.hexdigest()


def family_points(corpus: Corpus, family: str) -> Points:
    """Points of a family of the corpus, on its canonical loss.

    Raises
    ------
    UnknownName
        If there is no such family.
    Misuse
        If the family has no loss, size or tokens to fit.
    """
    return points_of_families(corpus, [family])[0]


def points_of_families(corpus: Corpus, families: Sequence[str]) -> list[Points]:
    """Points of several families, read at once; see `family_points`."""
    known = {name: rest for name, *rest in corpus.rows("select family, metric, related from families")}
    for family in families:
        if family not in known:
            raise UnknownName("family", family, known)
    rows = corpus.query(
        "select family, run, params, tokens, flops, loss, unique_tokens, unit, params_basis, flops_basis from losses"
        " where list_contains(?, family) and params is not null and tokens > 0"
        " order by family, params, run, tokens, step",
        [list(families)],
    ).fetchnumpy()
    text = {name: np.asarray(np.ma.filled(rows[name], ""), object) for name in ("family", "run", "unit", *BASES)}
    numbers = {name: np.asarray(np.ma.filled(rows[name], np.nan), float) for name in NUMBERS}
    found = []
    for family in families:
        metric, related = known[family]
        mine = text["family"] == family
        if not mine.any():
            why = "its runs have a loss but no size or no tokens" if metric else "its source publishes no loss"
            raise Misuse(f"family {family!r} has no points to fit: {why}")
        told = {name: text[name] for name in ("run", *BASES)}
        columns = {name: values[mine] for name, values in (told | numbers).items()}
        found.append(Points(family, columns, str(text["unit"][mine][0]), related))
    return found


def families_with_points(corpus: Corpus, sizes: int = 3) -> list[str]:
    """Names of the corpus's families whose runs differ in scale only and have a loss at several sizes.

    A user's own families are not among them: they are studied when they are named.

    Parameters
    ----------
    sizes : int
        Least number of distinct params.
    """
    found = corpus.rows(
        "select family from losses join families using (family)"
        " where params is not null and tokens > 0 and varies is null and not starts_with(families.source, ?)"
        " group by family having count(distinct params) >= ? order by family",
        [MINE, sizes],
    )
    return [name for (name,) in found]


def drop(points: Points, *, early_tokens: float = 0.0, highest_losses: int = 0) -> Points:
    """Leave out the beginning of training, or the points with the highest losses.

    Parameters
    ----------
    early_tokens : float
        Points with fewer tokens than this are left out.
    highest_losses : int
        So many points with the highest losses are left out (ties: those that come first).

    Raises
    ------
    Misuse
        If nothing remains.
    """
    keep = points["tokens"] >= early_tokens
    kept = points.where(keep)
    if highest_losses:
        order = np.argsort(-kept["loss"], kind="stable")
        mask = np.ones(len(kept), bool)
        mask[order[:highest_losses]] = False
        kept = kept.where(mask)
    if not len(kept):
        raise Misuse(f"no point of {points.family!r} remains: {len(points)} were left out")
    return kept
