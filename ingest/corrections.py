"""A correction is a row with a reason and an expiry: upstream defects are fixed as data, not in code."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from scalebook.corpus.errors import BrokenSource


@dataclass(frozen=True)
class Correction:
    """One fix of one upstream defect.

    Parameters
    ----------
    table : str
        Table that it changes.
    where : str
        SQL condition of the rows to change. It must describe the defect itself, so that it stops holding once
        upstream has fixed it.
    reason : str
        What is wrong, and how that is known.
    date : datetime.date
        Day on which it was found.
    rows : int
        Number of rows that have the defect; any other number stops the build.
    column : str
        Column that it scales.
    scale : float, optional
        Factor for the column; None drops the rows.
    """

    table: str
    where: str
    reason: str
    date: datetime.date
    rows: int
    column: str = ""
    scale: float | None = None

    @property
    def action(self) -> str:
        """What it does, in words."""
        return "drop rows" if self.scale is None else f"{self.column} x {self.scale:g}"


def correct(source: str, tables: dict[str, pa.Table], corrections: Sequence[Correction]) -> dict[str, pa.Table]:
    """Apply corrections in order.

    Raises
    ------
    BrokenSource
        If a correction does not find exactly the rows it was written for: upstream has changed, so that the
        correction must be looked at again.
    """
    done = dict(tables)
    for fix in corrections:
        with duckdb.connect() as connection:
            connection.register("t", done[fix.table])
            [(found,)] = connection.execute(f"select count(*) from t where {fix.where}").fetchall()
            if found != fix.rows:
                raise BrokenSource(
                    f"{source}: the correction of {fix.date} ({fix.reason}) expects {fix.rows} rows of {fix.table}"
                    f" where {fix.where}, and finds {found}: upstream has changed, look at it again."
                    " Nothing was written"
                )
            sql = (
                f"select * from t where not coalesce({fix.where}, false)"
                if fix.scale is None
                else f"select * replace (case when {fix.where} then {fix.column} * {fix.scale!r} else {fix.column} end"
                f" as {fix.column}) from t"
            )
            changed: pa.Table = connection.sql(sql).to_arrow_table()
            done[fix.table] = changed.cast(done[fix.table].schema)
    return done
