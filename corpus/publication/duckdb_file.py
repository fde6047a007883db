"""One DuckDB file with every table, view and macro, for whoever asks in SQL without installing Scalebook."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ..columns import COLUMNS
from ..database import derived
from ..tables import TABLES
from .content import Content

#: DuckDB from this version on can open the file; without it, only the version that wrote it and later ones.
STORAGE_VERSION = "v1.2.0"


def write_database(content: Content, target: Path) -> None:
    """Write the tables with their comments, and the views and macros over them."""
    with duckdb.connect(str(target), config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
        connection.begin()  # one transaction is written once
        for name, rows in content.tables.items():
            table = TABLES[name]
            columns = ", ".join(
                f'"{c}" {COLUMNS[c].type}{" not null" if c in table.required else ""}' for c in table.columns
            )
            connection.execute(f"create table {name} ({columns})")
            connection.register("rows_to_insert", rows)
            connection.execute(f"insert into {name} from rows_to_insert")
            connection.unregister("rows_to_insert")
            connection.execute(f"comment on table {name} is {_text(table.meaning)}")
            for c in table.columns:
                unit = f" [{COLUMNS[c].unit}]" if COLUMNS[c].unit else ""
                connection.execute(f'comment on column {name}."{c}" is {_text(COLUMNS[c].meaning + unit)}')
        for statement in derived():
            connection.execute(statement)
        connection.commit()


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
