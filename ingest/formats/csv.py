"""CSV, TSV and the like: one row per checkpoint, as a stream, so that memory grows with the columns that are kept."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from scalebook.corpus.errors import Misuse

from ..arrow import Numbers, to_arrow
from ..format import MAX_ROWS, Asked, Format, Sheet
from ..given import EXPECTED, Given
from ._columns import sheet
from ._numbers import no_number, too_long

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NO_VALUE = ["", "null", "None", "NA", "N/A", "#N/A"]
_NO_ROWS = f"there is a header and no row: {EXPECTED}"
_BLOCK = 4 << 20


def read(given: Given, asked: Asked) -> Sheet:
    """One row per checkpoint, under a header."""
    return sheet(given, asked, given.header, take)


def take(given: Given, kinds: Mapping[str, str]) -> pa.Table:
    """Some columns of the file, with the line of each row.

    Raises
    ------
    Misuse
        If a row has another number of values than the header, or text where a number must be; with its line.
    """
    kept, rows = [], 0
    try:
        with _stream(
            given, {name: _TEXT if kind == "text" else pa.float64() for name, kind in kinds.items()}
        ) as blocks:
            for block in blocks:
                kept.append(block)
                rows += block.num_rows
                if rows > MAX_ROWS:
                    raise too_long(given)
    except pa.ArrowInvalid as error:
        raise Misuse(f"{given.path}: {_first_defect(given, kinds, str(error))}") from error
    if not rows:
        raise Misuse(f"{given.path}: {_NO_ROWS}")
    table = pa.Table.from_batches(kept).unify_dictionaries()
    return table.append_column("line", to_arrow(_lines(given, rows)))


@contextlib.contextmanager
def _stream(given: Given, types: Mapping[str, pa.DataType]) -> Iterator[pc_csv.CSVStreamingReader]:
    with pc_csv.open_csv(
        given.path,
        read_options=pc_csv.ReadOptions(block_size=_BLOCK),
        parse_options=pc_csv.ParseOptions(delimiter=given.delimiter),
        convert_options=pc_csv.ConvertOptions(
            include_columns=list(types), column_types=dict(types), null_values=_NO_VALUE, strings_can_be_null=True
        ),
    ) as stream:
        yield stream


def _lines(given: Given, rows: int) -> Numbers:
    """Line of each row; counted one by one where the file has blank lines, or line breaks in quotes."""
    breaks = 0
    with given.path.open("rb") as file:
        while block := file.read(_BLOCK):
            breaks += block.count(b"\n")
            last = block
    if breaks + (not last.endswith(b"\n")) == rows + 1:
        return np.arange(2, rows + 2, dtype=float)
    with given.path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=given.delimiter)
        begins = [reader.line_num - sum(cell.count("\n") for cell in row) for row in reader if row]
    return np.array(begins[1 : rows + 1], dtype=float)


def _first_defect(given: Given, kinds: Mapping[str, str], said: str) -> str:
    """What is wrong in which line: found again row by row, since the fast reader does not count lines."""
    wanted = {name: given.header.index(name) for name, kind in kinds.items() if kind == "number"}
    row: list[str] = []
    try:
        with given.path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, delimiter=given.delimiter)
            for row in itertools.islice((r for r in reader if r), 1, None):
                if len(row) != len(given.header):
                    return f"line {reader.line_num} has {len(row)} values, and the header has {len(given.header)}"
                for name, place in wanted.items():
                    cell = row[place].strip()
                    if cell not in _NO_VALUE and not _is_number(cell):
                        raise no_number(given, name, f"line {reader.line_num}", cell)
    except UnicodeDecodeError as error:
        return f"it is not text in UTF-8 ({error.reason})"
    return said if row else _NO_ROWS


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


FORMAT = Format(
    title="CSV or TSV, one row per checkpoint",
    recognises=lambda given: bool(given.header),
    read=read,
    general=True,
)
