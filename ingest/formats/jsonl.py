"""JSON: one object per line, or a list of objects, each a checkpoint; fields in fields are joined by dots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from scalebook.corpus.errors import Misuse

from ..format import MAX_ROWS, Asked, Format, Sheet
from ..given import Given
from ._columns import sheet
from ._numbers import no_number, too_long

#: A row and its place: the number of its line, or its name in a document, such as ``[3]``.
Row = tuple[int | str, Mapping[str, Any]]

_ROWS_AT_ONCE = 50_000


def read(given: Given, asked: Asked) -> Sheet:
    """One row per object."""
    return sheet(given, asked, names(given, asked), take)


def names(given: Given, asked: Asked) -> tuple[str, ...]:
    """Fields of the first rows, and of all rows if one is asked for that the first rows do not have."""
    found = dict.fromkeys(name for row in given.first_rows or objects(given) for name in flat(row))
    if given.first_rows and any(theirs and theirs not in found for theirs in asked.columns.values()):
        found |= dict.fromkeys(name for _, row in rows(given) for name in flat(row))
    return tuple(found)


def objects(given: Given) -> list[dict[str, Any]]:
    """Rows of a JSON document that is a list of objects, or one object.

    Raises
    ------
    Misuse
        If it is neither.
    """
    document = given.document
    found = document if isinstance(document, list) else [document]
    if not all(isinstance(row, dict) for row in found):
        raise Misuse(f"{given.path} must be a list of objects, one per checkpoint")
    if not any(found):
        raise Misuse(f"{given.path} has no rows: write one object with run, params, tokens, loss per checkpoint")
    return found


def flat(row: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Names of the values in an object, those of objects in it joined by dots.

    Examples
    --------
    >>> list(flat({"loss": 2.5, "config": {"lr": 0.1, "model": {"params": 1e8}}}))
    ['loss', 'config.lr', 'config.model.params']
    """
    for name, value in row.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        elif not isinstance(value, list):
            yield f"{before}{name}"


def take(given: Given, kinds: Mapping[str, str]) -> pa.Table:
    """Some fields of every row, with its place."""
    return table(given, rows(given), kinds)


def table(given: Given, found: Iterable[Row], kinds: Mapping[str, str]) -> pa.Table:
    """Fields of objects as columns, with ``line`` or ``key``.

    Parameters
    ----------
    found : iterable of Row
        Objects with their places.
    kinds : mapping of str to str
        Names of fields to ``"number"`` or ``"text"``.
    """
    schema = pa.schema([(name, pa.string() if kind == "text" else pa.float64()) for name, kind in kinds.items()])
    kept: list[pa.RecordBatch] = []
    places: list[int | str] = []
    rest = iter(found)
    while some := list(islice(rest, _ROWS_AT_ONCE)):
        columns = [
            pa.array(
                [_text(at(row, name)) if kind == "text" else _number(given, place, row, name) for place, row in some]
            )
            for name, kind in kinds.items()
        ]
        kept.append(pa.record_batch([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema))
        places += [place for place, _ in some]
        if len(places) > MAX_ROWS:
            raise too_long(given)
    lines = bool(places) and isinstance(places[0], int)
    place = pa.array(places, pa.float64() if lines else pa.string())
    return pa.Table.from_batches(kept, schema).append_column("line" if lines else "key", place)


def at(row: Mapping[str, Any], name: str) -> object:
    """Value under a name, or under names joined by dots."""
    if name in row:
        return row[name]
    first, dot, rest = name.partition(".")
    inner = row.get(first)
    return at(inner, rest) if dot and isinstance(inner, dict) else None


def rows(given: Given) -> Iterator[Row]:
    """Objects of the file with their places.

    Raises
    ------
    Misuse
        If a line is no object; with its number.
    """
    if not given.first_rows:
        yield from ((f"[{n}]", row) for n, row in enumerate(objects(given)))
        return
    with given.path.open(encoding="utf-8-sig") as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                yield number, _row(given, number, line)


def _row(given: Given, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{given.path}: line {number} is no valid JSON: {error}") from error
    if not isinstance(row, dict):
        raise Misuse(f"{given.path}: line {number} is no object but {line.strip()[:40]!r}")
    return row


def _text(value: object) -> str | None:
    return None if value is None or value == "" or value != value else str(value)


def _number(given: Given, place: int | str, row: Mapping[str, Any], name: str) -> float | None:
    value = at(row, name)
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise ValueError
        return float(value)
    except (ValueError, OverflowError):
        shown = value if isinstance(value, str) else json.dumps(value)
        raise no_number(given, name, f"line {place}" if isinstance(place, int) else place, shown) from None


FORMAT = Format(
    title="JSON Lines or a JSON list, one object per checkpoint",
    recognises=lambda given: given.is_json,
    read=read,
    general=True,
)
