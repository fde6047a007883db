"""Parquet: one row per checkpoint; only the columns that are needed are read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from scalebook.corpus.errors import Misuse

from ..arrow import to_arrow
from ..format import MAX_ROWS, Asked, Format, Sheet
from ..given import EXPECTED, Given
from ._columns import sheet
from ._numbers import no_number, too_long


def read(given: Given, asked: Asked) -> Sheet:
    """One row per checkpoint."""
    return sheet(given, asked, given.names, take)


def take(given: Given, kinds: Mapping[str, str]) -> pa.Table:
    """Some columns of the file; the line is the number of the row, from 1.

    Raises
    ------
    Misuse
        If the file is damaged, or a column holds other than numbers where they must be.
    """
    import pyarrow.parquet as pq  # here: importing it takes longer than reading a CSV file

    try:
        with pq.ParquetFile(given.path) as file:
            if file.metadata.num_rows > MAX_ROWS:
                raise too_long(given)
            table = file.read(columns=list(kinds))
    except (pa.ArrowException, OSError) as error:
        raise Misuse(f"{given.path} begins as Parquet but cannot be read: {error}") from error
    if not table.num_rows:
        raise Misuse(f"{given.path} has columns and no rows: {EXPECTED}")
    columns = {n: _cast(given, n, table[n], pa.string() if k == "text" else pa.float64()) for n, k in kinds.items()}
    return pa.table({**columns, "line": to_arrow(np.arange(1.0, table.num_rows + 1))})


def _cast(given: Given, name: str, values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    import pyarrow.compute as pc  # here, for the same reason

    try:
        # sizes beyond 2^53 may be rounded: no size is known so exactly
        return pc.cast(values, kind, safe=False)
    except pa.ArrowException as error:
        row, cell = next(((i, v) for i, v in enumerate(values.to_pylist(), 1) if not _is_number(v)), (0, None))
        if row:
            raise no_number(given, name, f"row {row}", str(cell)) from error
        raise Misuse(f"{given.path}: {name!r} holds no numbers but {values.type}") from error


def _is_number(value: object) -> bool:
    try:
        return value is None or float(str(value)) is not None
    except ValueError:
        return False


FORMAT = Format(
    title="Parquet, one row per checkpoint",
    recognises=lambda given: given.is_parquet,
    read=read,
    general=True,
)
