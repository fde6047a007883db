"""A user's runs as arrays: sheets of one or more files joined, with the place of every value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse
from scalebook.corpus.metric_names import METRICS, Metric

from .arrow import Codes, Mask, Numbers, numbers_of, words_of
from .format import Sheet
from .formats._columns import known_metric
from .labels import LABELS, Label, labels_of

#: Columns that are numbers; not-a-number stands for what is not known.
NUMBERS = (
    *("params", "step", "tokens", "value", "stderr", "flops", "seed", "unique_tokens", "learning_rate", "line"),
    *("peak_learning_rate", "shots"),
)


class Kind(NamedTuple):
    """What a value is of; only values of one kind may be compared."""

    metric: str
    task: str | None = None
    split: str | None = None
    shots: int | None = None

    def __str__(self) -> str:
        shots = None if self.shots is None else f"{self.shots} shots"
        return " ".join(filter(None, [self.metric, self.split, self.task and f"on {self.task}", shots]))

    @property
    def entry(self) -> Metric:
        """Its metric in the dictionary."""
        return METRICS[self.metric]

    @property
    def is_loss(self) -> bool:
        """Whether a law can describe it, by itself or as its logarithm."""
        return self.entry.kind in ("log-loss", "perplexity", "compression")


@dataclass(frozen=True)
class Rows:
    """Values of a user's runs, one per row.

    Parameters
    ----------
    files : tuple of path
        Where they are from.
    runs : tuple of str
        Names of the runs.
    kinds : tuple of Kind
        What the values are of.
    codes : mapping of str to array of int, each of shape (n,)
        ``run``, ``kind`` and ``file`` of each row, as places in the above; and those of `LABELS` that are there.
    numbers : mapping of str to array of float, each of shape (n,)
        Those of the columns `NUMBERS` that are there; not-a-number where nothing is said.
    keys : array of str, shape (n,), optional
        Places in files without lines, or columns in wide ones; empty elsewhere.
    stepped : bool
        Tokens are steps times tokens per step.
    notes : tuple of str
        What was left out, and why.
    words : mapping of str to tuple of str
        Words of those of `LABELS` that are there; empty where nothing is said.
    """

    files: tuple[Path, ...]
    runs: tuple[str, ...]
    kinds: tuple[Kind, ...]
    codes: Mapping[str, Codes]
    numbers: Mapping[str, Numbers]
    keys: NDArray[np.object_] | None = None
    stepped: bool = False
    notes: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers["value"])

    def __getitem__(self, name: str) -> Numbers:
        return self.numbers[name] if name in self.numbers else np.broadcast_to(np.nan, len(self))

    @cached_property
    def run(self) -> Codes:
        """Run of each row, as a place in `runs`."""
        return self.codes["run"]

    def where(self, rows: NDArray[Any], *notes: str) -> Rows:
        """The rows of a mask, or in an order, with notes added."""
        if rows.dtype == bool and rows.all():
            return replace(self, notes=(*self.notes, *notes))
        return replace(
            self,
            codes={name: codes[rows] for name, codes in self.codes.items()},
            numbers={name: values[rows] for name, values in self.numbers.items()},
            keys=None if self.keys is None else self.keys[rows],
            notes=(*self.notes, *notes),
        )

    def label(self, name: str) -> NDArray[np.object_]:
        """One of `LABELS` for each row; empty where nothing is said."""
        if name not in self.words:
            return np.full(len(self), "", dtype=object)
        return np.array(self.words[name], dtype=object)[self.codes[name]]

    def having(self, **numbers: Numbers) -> Rows:
        """The same with other numbers."""
        return replace(self, numbers={**self.numbers, **numbers})

    def place(self, row: int | np.intp) -> str:
        """Where a value stands: file and line, or file and key."""
        line = self["line"][row]
        at = f"line {line:.0f}" if line == line else "" if self.keys is None else str(self.keys[row])
        return f"{self.files[self.codes['file'][row]]} {at}".rstrip()

    def last(self, column: str) -> Numbers:
        """Largest number of each run, shape (runs,); not-a-number for a run without any."""
        largest = np.full(len(self.runs), -np.inf)
        there = ~np.isnan(self[column])
        np.maximum.at(largest, self.run[there], self[column][there])
        return np.where(np.isfinite(largest), largest, np.nan)


def joined(files: Sequence[Path], sheets: Sequence[Sheet], metric: str | None) -> Rows:
    """Sheets of several files as rows; values that are null are left out.

    Parameters
    ----------
    metric : str, optional
        What values are of that do not say so; else ``loss``.

    Raises
    ------
    Misuse
        If no row has a value, a number is not-a-number, a row names no run, or a metric is unknown.
    """
    parts = [_part(file, n, sheet, metric or "loss") for n, (file, sheet) in enumerate(zip(files, sheets, strict=True))]
    runs, run = _merged([(p.runs, p.run) for p in parts])
    kinds, kind = _merged([(p.kinds, p.codes["kind"]) for p in parts])
    told = {n: _merged([_label(p, n) for p in parts]) for n in LABELS if any(n in p.words for p in parts)}
    return Rows(
        files=tuple(files),
        runs=runs,
        kinds=kinds,
        codes={
            **{"run": run, "kind": kind, "file": np.concatenate([p.codes["file"] for p in parts])},
            **{name: codes for name, (_, codes) in told.items()},
        },
        numbers={n: np.concatenate([p[n] for p in parts]) for n in NUMBERS if any(n in p.numbers for p in parts)},
        keys=None if all(p.keys is None for p in parts) else np.concatenate([_written(p) for p in parts]),
        stepped=any(p.stepped for p in parts),
        notes=tuple(dict.fromkeys(note for p in parts for note in p.notes)),
        words={name: words for name, (words, _) in told.items()},
    )


def _label(rows: Rows, name: str) -> Label:
    """Words of a label and the place of each row's in them."""
    return (rows.words[name], rows.codes[name]) if name in rows.words else (("",), np.zeros(len(rows), np.int32))


def _part(file: Path, number: int, sheet: Sheet, metric: str) -> Rows:
    """Rows of one file."""
    table = sheet.table
    numbers = {name: numbers_of(table[name]) for name in NUMBERS if name in table.column_names}
    runs, run = _words(table, "run")
    rows = Rows(
        files=(file,) * (number + 1),
        runs=tuple(map(str.strip, map(str, runs))),
        kinds=(),
        codes={"run": run, "file": np.full(table.num_rows, number, np.int32)},
        numbers={name: values for name, (values, _) in numbers.items()},
        keys=_keys(table),
        stepped=sheet.step_tokens,
        notes=sheet.notes,
    )
    nameless = (run < 0) | (run == rows.runs.index("") if "" in rows.runs else False)
    if nameless.any():
        raise Misuse(f"{rows.place(np.argmax(nameless))} names no run")
    _all_numbers(rows, {name: there for name, (_, there) in numbers.items()})
    _one_tokenizer(file, table, metric)
    labels = labels_of(table, rows.run, rows.place)
    rows = replace(
        rows,
        words={name: words for name, (words, _) in labels.items()},
        codes={**rows.codes, **{name: codes for name, (_, codes) in labels.items()}},
    )
    there = numbers["value"][1]
    if not there.any():
        raise Misuse(f"{file} has no loss in any of its {len(there):,} rows")
    note = [] if there.all() else [f"{(~there).sum():,} rows of {file.name} without a loss left out"]
    return _with_kinds(table, rows, metric).where(there, *note)


def _with_kinds(table: Any, rows: Rows, metric: str) -> Rows:
    """Rows with what their values are of."""
    words = [_words(table, name) for name in ("metric", "task", "split")]
    shots = np.nan_to_num(rows["shots"], nan=-1).astype(np.int64)
    code = shots + 1
    for names, codes in words:
        code = code * (len(names) + 1) + codes + 1
    _, first, kind = np.unique(code, return_index=True, return_inverse=True) if np.ptp(code) else (code, [0], code * 0)
    kinds = []
    for row in first:
        told, task, split = (names[codes[row]] if codes[row] >= 0 else None for names, codes in words)
        if split not in (None, "train", "validation", "test"):
            raise Misuse(
                f"{rows.place(row)}: split {split!r} is none of train, validation, test (if the column means something"
                " else, leave it out: --column split=)"
            )
        known_metric(told or metric)
        kinds.append(Kind(told or metric, task, split, int(shots[row]) if shots[row] >= 0 else None))
    return replace(rows, kinds=tuple(kinds), codes={**rows.codes, "kind": kind.astype(np.int32)})


def _words(table: Any, name: str) -> tuple[list[str], Codes]:
    return words_of(table[name]) if name in table.column_names else ([], np.full(table.num_rows, -1, np.int32))


def _keys(table: Any) -> NDArray[np.object_] | None:
    if "key" not in table.column_names:
        return None
    words, codes = _words(table, "key")
    return np.asarray(words, dtype=object)[codes]


def _written(rows: Rows) -> NDArray[np.object_]:
    return np.full(len(rows), "", dtype=object) if rows.keys is None else rows.keys


def _all_numbers(rows: Rows, there: Mapping[str, Mask]) -> None:
    """Null is unknown, but not-a-number that a file spells out is a mistake, or a run that diverged."""
    for name, known in there.items():
        wrong = ~np.isfinite(rows[name]) & known
        if wrong.any():
            row = np.argmax(wrong)
            diverged = ": a run that diverged? Leave such rows out, or empty the value"
            advice = diverged if name == "value" else "; correct such rows, or leave them out"
            raise Misuse(f"{rows.place(row)}: {called(name)} is {rows[name][row]} ({wrong.sum():,} such rows){advice}")


def called(name: str) -> str:
    """Name of a number in users' files."""
    return {"value": "loss"}.get(name, name)


def _one_tokenizer(file: Path, table: Any, metric: str) -> None:
    """Losses per token can be compared only with one tokenizer, and in one unit."""
    used = {name: [w for w in _words(table, name)[0] if w] for name in ("tokenizer", "unit")}
    per_token = "metric" in table.column_names or METRICS[known_metric(metric)].unit.endswith("/token")
    if len(used["tokenizer"]) > 1 and per_token:
        raise Misuse(
            f"{file} mixes tokenizers ({', '.join(used['tokenizer'])}), and a loss per token means another thing with"
            " each: give one file per tokenizer, or losses per byte with --metric bits_per_byte"
        )
    if len(used["unit"]) > 1:
        raise Misuse(f"{file} mixes units ({', '.join(used['unit'])}): give one file per unit, and its --metric")
    unit = METRICS[metric].unit
    if (
        used["unit"]
        and used["unit"][0].lower() not in (unit, unit.split("/")[0])
        and "metric" not in table.column_names
    ):
        fits = [name for name, m in METRICS.items() if used["unit"][0].lower() in (m.unit, m.unit.split("/")[0])]
        told = (
            f": say --metric {' or '.join(fits[:4])}"
            if fits
            else " of no metric (scalebook sql 'from metric_dictionary')"
        )
        raise Misuse(f"{file}: its unit is {used['unit'][0]!r}, and that of {metric} is {unit}{told}")


def _merged(parts: Iterable[tuple[Sequence[Any], Codes]]) -> tuple[tuple[Any, ...], Codes]:
    """Names of several files in one list, and the codes in it."""
    places: dict[Any, int] = {}
    codes = []
    for names, local in parts:
        new = np.array([places.setdefault(name, len(places)) for name in names], dtype=np.int32)
        codes.append(new[local])
    return tuple(places), np.concatenate(codes)
