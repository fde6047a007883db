"""The place that a value came from, as it stands in the source's own file: the proof of a trace."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

#: Longest text that is shown; some sources keep whole runs on one line.
SHOWN = 400

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Evidence:
    """What a source's file holds at the place that a value names.

    Parameters
    ----------
    text : str
        The line, or the JSON value, as it stands there; long ones are cut.
    where : str
        What was compared with the stored value: a column, a path, or the line; empty when nothing fits.
    relation : str
        ``"equal"``, ``"percent"`` (the file has 100 times the stored value), or empty when the stored value was
        derived from it in another way.
    """

    text: str
    where: str = ""
    relation: str = ""


def evidence(file: Path, line: int | None, key: str | None, value: float) -> Evidence | None:
    """What stands at a line or key of a file, compared with the value that the corpus holds.

    Parameters
    ----------
    file : path
        CSV with or without a header (also as .gz), JSON, one JSON document per line, Parquet, or other text.
    line : int, optional
        Line, the first being 1; row of a Parquet file.
    key : str, optional
        Column of a CSV file, or path in a JSON document, such as ``results.piqa.acc`` or ``loss[3]``.
    value : float
        The stored value.

    Returns
    -------
    Evidence or None
        None when the file has no such place that could be shown as text.
    """
    try:
        if line is None:
            return _in_document(json.loads(file.read_text(encoding="utf-8")), key or "", value)
        if file.suffix == ".parquet":
            return _in_document(_parquet_row(file, line), key or "", value)
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8-sig", newline="") as text:
            rows = [row.rstrip("\r\n") for row in itertools.islice(text, line)]
        if len(rows) < line:
            return None
        if file.suffix == ".jsonl":
            return _in_document(json.loads(rows[-1]), key or "", value)
        if file.suffix in (".csv", ".tsv", ".gz"):
            return _in_row(rows[0] if line > 1 else "", rows[-1], key, value)
        return _in_text(rows[-1], value)
    except (ValueError, RecursionError):  # not text, or not JSON
        return None


def _parquet_row(file: Path, line: int) -> object:
    import pyarrow.parquet as pq

    rows: list[dict[str, object]] = pq.read_table(file).slice(line - 1, 1).to_pylist()
    return rows[0] if rows else None


def _in_document(document: object, key: str, value: float) -> Evidence | None:
    """A JSON value: the one that is named, or the first in it that holds the stored value."""
    found, at = _at(document, key)
    if not found:
        return None
    if isinstance(at, list):
        for i, held in enumerate(at):
            if _relation(held, value) == "equal":
                return Evidence(json.dumps(held), f"{key}[{i}]", "equal")
    elif isinstance(at, dict):
        for name, held in at.items():
            if relation := _relation(held, value):
                return Evidence(_cut(json.dumps(at, default=str)), f"{key}.{name}".removeprefix("."), relation)
    return Evidence(_cut(json.dumps(at, default=str)), key, _relation(at, value))


def _at(document: object, path: str) -> tuple[bool, object]:
    """Value at a path; names may hold dots, so that the longest name that fits is tried first.

    Examples
    --------
    >>> _at({"results": {"a.b": {"acc": [0.1, 0.2]}}}, "results.a.b.acc[1]")
    (True, 0.2)
    """
    if not path:
        return True, document
    if isinstance(document, list):
        index, closed, rest = path.removeprefix("[").partition("]")
        if not closed:
            index, _, rest = path.partition(".")
        if index.isdigit() and int(index) < len(document):
            return _at(document[int(index)], rest.removeprefix("."))
    elif isinstance(document, dict):
        names = [n for n in document if path == n or (path.startswith(n) and path[len(n)] in ".[")]
        for name in sorted(names, key=len, reverse=True):
            found, at = _at(document[name], path[len(name) :].removeprefix("."))
            if found:
                return found, at
    return False, None


def _in_row(head: str, text: str, key: str | None, value: float) -> Evidence:
    """A line of a CSV file: the cell of the column that is named, else the first that holds the value."""
    delimiter = "\t" if "\t" in text and "," not in text else ","
    names, cells = (next(csv.reader([row], delimiter=delimiter), []) for row in (head, text))
    columns = names if len(names) == len(cells) else [f"column {i + 1}" for i in range(len(cells))]
    found = [(name, _relation(cell, value)) for name, cell in zip(columns, cells, strict=True)]
    named = [pair for pair in found if pair[0] == key]
    ranked = named or sorted((pair for pair in found if pair[1]), key=lambda pair: pair[1])
    return Evidence(_cut(text), *ranked[0]) if ranked else Evidence(_cut(text))


def _in_text(text: str, value: float) -> Evidence:
    """A line of Markdown, or of JSON that is spread over lines: the first number in it that holds the value."""
    relations = [_relation(number, value) for number in _NUMBER.findall(text)]
    best = "equal" if "equal" in relations else "percent" if "percent" in relations else ""
    return Evidence(_cut(text), "the line" if best else "", best)


def _relation(held: object, value: float) -> str:
    """How what a file holds relates to the stored value.

    Examples
    --------
    >>> _relation("0.25", 0.25), _relation("25.0%", 0.25), _relation(4.0, 0.25)
    ('equal', 'percent', '')
    """
    try:
        number = float(str(held).strip().rstrip("%"))
    except ValueError:
        return ""
    # readers of JSON and CSV differ in the last digit
    if math.isclose(number, value, rel_tol=1e-12) and "%" not in str(held):
        return "equal"
    return "percent" if math.isclose(number / 100, value, rel_tol=1e-12) else ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text):,} characters)"
