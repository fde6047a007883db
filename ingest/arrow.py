"""Between Arrow's columns and numpy's arrays, without pandas.

pyarrow's own conversions import pandas if it is there, which takes longer than to read a file of ten thousand rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]


def to_arrow(numbers: Numbers) -> pa.Array:
    """Numbers as a column in which nothing is null."""
    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def numbers_of(column: pa.ChunkedArray) -> tuple[Numbers, Mask]:
    """Numbers of a column, not-a-number where it is null, and where it is not null.

    Examples
    --------
    >>> numbers_of(pa.chunked_array([[1.5, None], [float("nan")]]))
    (array([1.5, nan, nan]), array([ True, False,  True]))
    """
    values, there = _parts(column.combine_chunks(), np.float64)
    return (values if there.all() else np.where(there, values, np.nan)), there


def words_of(column: pa.ChunkedArray) -> tuple[list[str], Codes]:
    """Distinct texts of a column, and the place of each row's in them; -1 for null.

    Examples
    --------
    >>> words_of(pa.chunked_array([["b", None, "a", "b"]]))
    (['b', 'a'], array([ 0, -1,  1,  0], dtype=int32))
    """
    whole = column.combine_chunks()
    encoded = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
    codes, there = _parts(encoded.indices, np.int32)
    return encoded.dictionary.to_pylist(), codes if there.all() else np.where(there, codes, np.int32(-1))


def _parts(array: pa.Array, kind: Any) -> tuple[NDArray[Any], Mask]:
    """Values of a column of numbers as they stand in memory, and where they are not null."""
    bits, data = array.buffers()
    rows = slice(array.offset, array.offset + len(array))
    values = np.frombuffer(data, kind)[rows] if len(array) else np.empty(0, kind)
    if bits is None:
        return values, np.ones(len(array), bool)
    return values, np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[rows].astype(bool)
