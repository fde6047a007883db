"""What is published: the tables of all sources joined, with who published each and under which terms."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..database import TABLE_NAMES
from ..errors import DamagedFile, NotPublishable
from ..tables import TABLES

NAME = "scalebook"
TITLE = "Scalebook: published training runs of language models"
AUTHORS = "The Scalebook authors"
DESCRIPTION = (
    "Losses and evaluations of language models throughout training, as published: every value with its unit, source,"
    " file and line. Unknown is null. Values under one metric, task, split and shots may be compared; others may not."
)
KEYWORDS = ("scaling laws", "language models", "training curves", "evaluation", "meta-analysis")

#: Which column refers to which: table, column, table, column.
REFERENCES = (
    *((table, "source", "sources", "source") for table in TABLE_NAMES if table not in ("sources", "checkpoints")),
    ("runs", "family", "families", "family"),
    ("runs", "parent_run", "runs", "run"),
    ("checkpoints", "run", "runs", "run"),
    ("metrics", "run", "runs", "run"),
)

#: What a licence column may say that is no licence.
_NO_LICENCE = {"", "none", "unknown", "unlicensed", "noassertion", "proprietary", "all rights reserved", "n/a", "?"}

#: Key of the Parquet metadata that says how many rows each source has, in order, so that they can be parted again.
_PARTS = b"scalebook:rows_by_source"


@dataclass(frozen=True)
class Content:
    """A corpus that may be published.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        Every table, the rows of all sources joined in the order of their names.
    repository : str
        Repository of the Hub that the metadata names, as ``owner/name``; empty for none.
    """

    tables: Mapping[str, pa.Table]
    repository: str = ""

    @cached_property
    def sources(self) -> list[dict[str, Any]]:
        """Rows of the table of sources, with the number of published values of each as ``values``."""
        counts = Counter(self.tables["metrics"]["source"].to_pylist())
        rows: list[dict[str, Any]] = self.tables["sources"].to_pylist()
        return [row | {"values": counts[row["source"]]} for row in rows]

    @cached_property
    def licences(self) -> list[str]:
        """Licences of the sources, the commonest first."""
        return [name for name, _ in Counter(row["licence"] for row in self.sources).most_common()]

    @property
    def version(self) -> str:
        """Version of Scalebook that wrote it."""
        return metadata.version("scalebook")

    @property
    def page(self) -> str:
        """Where people read about it."""
        return f"https://huggingface.co/datasets/{self.repository}" if self.repository else "README.md"


def gather(folder: Path, repository: str = "") -> Content:
    """Read a corpus folder, and refuse what may not be published.

    Raises
    ------
    NotPublishable
        If a source has no licence, naming it; or rows name a source that the corpus does not describe.
    BrokenTable
        If the sources together break what a table promises, such as a key that two of them share.
    DamagedFile
        If a file cannot be read, or has other columns than this version.
    """
    tables = {name: _joined(folder, name) for name in TABLE_NAMES}
    content = Content(tables, repository)
    bare = [row["source"] for row in content.sources if (row["licence"] or "").strip().lower() in _NO_LICENCE]
    if bare:
        raise NotPublishable(
            f"without a licence, nothing of {', '.join(map(repr, bare))} may be published: state the licence on the"
            " card of the source, or leave the source out of the corpus folder"
        )
    known = {row["source"] for row in content.sources}
    for name, table in tables.items():
        if "source" in table.column_names and (lost := sorted(set(table["source"].unique().to_pylist()) - known)):
            raise NotPublishable(f"{name}: rows of {', '.join(map(repr, lost))}, which is no source of this corpus")
        TABLES[name].check(name, table)
    return content


def parts(table: pa.Table) -> dict[str, pa.Table]:
    """The rows of each source again, as they were before they were joined.

    Raises
    ------
    DamagedFile
        If the table does not say which rows are whose.
    """
    try:
        counts = json.loads((table.schema.metadata or {})[_PARTS])
        names = all(re.fullmatch("[a-z0-9][a-z0-9-]*", name) for name in counts)
        if not names or sum(counts.values()) != table.num_rows:
            raise ValueError(counts)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DamagedFile("a published table does not say which rows are of which source") from error
    bare, found, start = table.replace_schema_metadata(None), {}, 0
    for name, rows in counts.items():
        found[name] = bare.slice(start, rows)
        start += rows
    return found


def _joined(folder: Path, name: str) -> pa.Table:
    """The rows of all sources, in the order of their names."""
    schema, found = TABLES[name].schema, {}
    for file in sorted((folder / name).glob("*.parquet")):
        try:
            part = pq.read_table(file)
        except (pa.ArrowException, OSError) as error:
            raise DamagedFile(f"{file} cannot be read ({error}); run: scalebook ingest {file.stem}") from error
        if part.column_names != schema.names:
            raise DamagedFile(f"{file} is of another version of Scalebook; run: scalebook ingest {file.stem}")
        found[file.stem] = part.cast(schema)
    counts = json.dumps({stem: part.num_rows for stem, part in found.items()})
    joined = pa.concat_tables(found.values()) if found else schema.empty_table()
    return joined.combine_chunks().replace_schema_metadata({_PARTS: counts})
