"""The points that laws are fitted to: one row per checkpoint with size, tokens, FLOPs and loss."""

from __future__ import annotations

import hashlib
import weakref
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
#: What protocols choose by, as far as it is known: not-a-number and empty where it is not.
CONDITIONS = ("step", "learning_rate", "peak_learning_rate", "warmup_tokens", "seed", "layers", "width")
LABELS = ("schedule", "replicate_group")
#: Columns with the loss on another evaluation set are named so.
OTHER = "loss on "
#: The mean over the family's own set and all others.
MEAN = "mean loss"

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
        Families of the corpus have `CONDITIONS` and `LABELS` too, and the losses on other evaluation sets where there
        are any, in columns that begin with `OTHER`.
    unit : str
        Unit of the loss.
    related : str
        Families with the same word share authors or data; the family's own name where nothing is known.
    architecture, varies : str
        Kind of network, and what differs between runs besides scale; empty where it is not known, or nothing does.
    """

    family: str
    columns: Mapping[str, NDArray[Any]]
    unit: str = "nats/token"
    related: str = ""
    architecture: str = ""
    varies: str = ""

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
    def progress(self) -> NDArray[np.float64]:
        """Share of its run's own training at which each point lies, shape (n,)."""
        share: NDArray[np.float64] = self["tokens"] / self.run_tokens
        return share

    @cached_property
    def final(self) -> Mask:
        """Whether each point is the last of its run, shape (n,)."""
        last: Mask = self["tokens"] == self.run_tokens
        return last

    @property
    def other_sets(self) -> tuple[str, ...]:
        """Columns with the loss on other evaluation sets, in alphabetical order."""
        return tuple(sorted(name for name in self.columns if name.startswith(OTHER)))

    @cached_property
    def digest(self) -> str:
        """Hash of the content, the same wherever it came from."""
        hashed = hashlib.sha256(
            "\0".join((self.family, self.unit, self.related, self.architecture, self.varies)).encode()
        )
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
    """Points of several families, read at once and once only while the corpus is open; see `family_points`.

    Raises
    ------
    UnknownName, Misuse
        As `family_points`.
    """
    known = _READ.setdefault(corpus, {})
    missing = [family for family in families if family not in known]
    if missing:
        known.update({points.family: points for points in _read(corpus, missing)})
    return [known[family] for family in families]


#: Points that were read from a corpus, by family: a corpus does not change, and a report asks for them many times.
_READ: weakref.WeakKeyDictionary[Corpus, dict[str, Points]] = weakref.WeakKeyDictionary()


def _read(corpus: Corpus, families: Sequence[str]) -> list[Points]:
    """Points of several families."""
    known = {
        name: rest for name, *rest in corpus.rows("select family, metric, related, architecture, varies from families")
    }
    for family in families:
        if family not in known:
            raise UnknownName("family", family, known)
    text, numbers = _rows(corpus, families)
    sets = _other_sets(corpus, families)
    found = []
    for family in families:
        metric, *labels = known[family]
        mine = text["family"] == family
        if not mine.any():
            why = "its runs have a loss but no size or no tokens" if metric else "its source publishes no loss"
            raise Misuse(f"family {family!r} has no points to fit: {why}")
        told = {name: values for name, values in text.items() if name not in ("family", "unit")}
        columns = {name: values[mine] for name, values in (told | numbers).items()}
        columns |= _matched(columns, sets.get(family, {}))
        found.append(Points(family, columns, str(text["unit"][mine][0]), *(label or "" for label in labels)))
    return found


def _rows(corpus: Corpus, families: Sequence[str]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Columns of text and of numbers, for all families."""
    rows = corpus.query(
        "select l.family, l.run, l.params, tokens, flops, loss, l.unique_tokens, unit, l.params_basis, flops_basis,"
        " l.step, learning_rate, peak_learning_rate, warmup_tokens, seed, layers, width, schedule, replicate_group"
        " from losses as l join runs as r on r.run = l.run"
        " where list_contains(?, l.family) and l.params is not null and tokens > 0"
        " order by l.family, l.params, l.run, tokens, l.step",
        [list(families)],
    ).fetchnumpy()
    named = ("family", "run", "unit", *BASES, *LABELS)
    text = {name: np.asarray(np.ma.filled(rows[name], ""), object) for name in named}
    numbers: dict[str, NDArray[Any]] = {
        n: np.asarray(np.ma.filled(np.ma.asarray(rows[n], float), np.nan)) for n in (*NUMBERS, *CONDITIONS)
    }
    return text, numbers


def _other_sets(corpus: Corpus, families: Sequence[str]) -> dict[str, dict[str, dict[tuple[str, float], float]]]:
    """By family and evaluation set, the loss by run and tokens, in the metric of the canonical loss.

    Families whose sets are many languages of one text, and those with a value at a few places only, are told apart by
    what `_matched` keeps.
    """
    rows = corpus.query(
        "select r.family, m.task, m.run, m.tokens, avg(case when d.kind = 'perplexity' then ln(m.value)"
        " when d.kind = 'compression' then m.value * ln(2) else m.value end) as loss"
        " from families as f join runs as r on r.family = f.family join metrics as m on m.run = r.run"
        " and m.metric = f.metric and m.split is not distinct from f.split and m.shots is not distinct from f.shots"
        " join metric_dictionary as d on d.metric = m.metric"
        " where list_contains(?, r.family) and m.task is not null and m.task <> f.task and m.tokens > 0"
        " and d.kind in ('log-loss', 'perplexity', 'compression') group by all order by all",
        [list(families)],
    ).fetchall()
    found: dict[str, dict[str, dict[tuple[str, float], float]]] = {}
    for family, task, run, tokens, loss in rows:
        found.setdefault(family, {}).setdefault(task, {})[run, tokens] = loss
    return found


def _matched(
    columns: Mapping[str, NDArray[Any]], sets: Mapping[str, Mapping[tuple[str, float], float]]
) -> dict[str, NDArray[Any]]:
    """Losses on other sets at the places of a family's points, of sets that hold half the points of every size."""
    places = list(zip(columns["run"].tolist(), columns["tokens"].tolist(), strict=True))
    found = {OTHER + name: np.array([losses.get(place, np.nan) for place in places]) for name, losses in sets.items()}
    sizes = [columns["params"] == size for size in np.unique(columns["params"])] if found else []
    kept = {name: values for name, values in found.items() if all(np.mean(values[m] > 0) >= 0.5 for m in sizes)}
    return kept | ({MEAN: np.mean([columns["loss"], *kept.values()], axis=0)} if kept else {})


def families_with_points(corpus: Corpus, sizes: int = 3, *, scaled_only: bool = True) -> list[str]:
    """Names of the corpus's families whose runs have a loss at several sizes.

    A user's own families are not among them: they are studied when they are named.

    Parameters
    ----------
    sizes : int
        Least number of distinct params.
    scaled_only : bool
        Only families whose runs differ in nothing but scale.
    """
    found = corpus.rows(
        "select family from losses join families using (family)"
        " where params is not null and tokens > 0 and (varies is null or not ?) and not starts_with(families.source, ?)"
        " group by family having count(distinct params) >= ? order by family",
        [scaled_only, MINE, sizes],
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
        If nothing remains, or a number of tokens or points is none that can be left out.
    """
    if not 0 <= early_tokens < np.inf:
        raise Misuse(
            f"early tokens are {early_tokens:g}; points with fewer are left out: give a number from 0, such as 1e9"
        )
    if not (isinstance(highest_losses, int | np.integer) and highest_losses >= 0):
        raise Misuse(f"highest_losses is {highest_losses!r}; it must be a whole number, at least 0")
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
