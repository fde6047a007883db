"""A table is a promise: its columns, its key, and a check that reports everything that broke."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import duckdb
import pandas as pd
import pyarrow as pa

from .columns import COLUMNS, Column
from .errors import BrokenTable

_ARROW = {
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}


@dataclass(frozen=True)
class Table:
    """One table of the corpus.

    Parameters
    ----------
    key : tuple of str
        Columns that together name a row; a null there is a value like any other.
    columns : tuple of str
        All columns in order, each defined in `columns.COLUMNS`.
    required : tuple of str
        Columns that may not be null.
    checks : mapping of str to str
        What must hold across columns: a plain sentence to an SQL condition.
    meaning : str
        One sentence.
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    required: tuple[str, ...]
    meaning: str
    checks: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column:
        """Definition of one of the columns."""
        return COLUMNS[name]

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema, with unit and meaning as field metadata."""
        return pa.schema(
            [
                pa.field(
                    name,
                    _ARROW[COLUMNS[name].type],
                    metadata={"unit": COLUMNS[name].unit, "meaning": COLUMNS[name].meaning},
                )
                for name in self.columns
            ]
        )

    def conform(self, name: str, rows: pd.DataFrame) -> pa.Table:
        """Rows as an Arrow table of this schema, sorted by key; a column that is left out is null.

        Raises
        ------
        BrokenTable
            If there is a column that the table does not have, or a value of another type.
        """
        unknown = [c for c in rows.columns if c not in self.columns]
        if unknown:
            raise BrokenTable(
                f"{name}: no column {', '.join(map(repr, unknown))}; the table has {', '.join(self.columns)}"
            )
        arrays = []
        for field in self.schema:
            if field.name not in rows.columns:
                arrays.append(pa.nulls(len(rows), field.type))
                continue
            try:
                arrays.append(pa.Array.from_pandas(rows[field.name], type=field.type))
            except (pa.ArrowException, OverflowError) as error:
                raise BrokenTable(f"{name}: column {field.name!r} is not {field.type}: {error}") from error
        table = pa.Table.from_arrays(arrays, schema=self.schema)
        return table.sort_by([(k, "ascending") for k in self.key])

    def check(self, name: str, table: pa.Table) -> None:
        """Report every promise that some row breaks.

        Raises
        ------
        BrokenTable
            With one clause per broken promise and the number of rows that break it.
        """
        promises = [(f"{c} is not null", f'"{c}" is not null') for c in self.required]
        promises += [(f"{c} is finite", f'isfinite("{c}")') for c in self.columns if COLUMNS[c].type == "DOUBLE"]
        promises += [(COLUMNS[c].check, COLUMNS[c].check) for c in self.columns if COLUMNS[c].check]
        promises += list(self.checks)
        tests = ", ".join(f"count(*) filter (not ({sql}))" for _, sql in promises)
        key = ", ".join(f'"{k}"' for k in self.key)
        with duckdb.connect() as connection:
            connection.register("t", table)
            counts = connection.execute(f"select {tests} from t").fetchone() or ()
            # one row: how many rows repeat a key, and the first such key
            repeats = connection.execute(
                f"select sum(n - 1) over (), {key} from (select {key}, count(*) n from t group by {key} having n > 1)"
                f" order by {key} limit 1"
            ).fetchone()
        broken = [
            f"{_rows(n)} {_verb(n, 'break')} {says!r}" for n, (says, _) in zip(counts, promises, strict=True) if n
        ]
        if repeats:
            count, *example = repeats
            shown = ", ".join(f"{k}={v}" for k, v in zip(self.key, example, strict=True) if v is not None)
            broken.append(f"{_rows(count)} {_verb(count, 'repeat')} the key, such as {shown}")
        if broken:
            raise BrokenTable(f"{name}: " + "; ".join(broken))


def _rows(n: int) -> str:
    return f"{n} row" if n == 1 else f"{n} rows"


def _verb(n: int, verb: str) -> str:
    return verb + "s" if n == 1 else verb
