"""``scalebook corpus export``: the whole corpus as one folder in common formats."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import parquet_bytes
from .card import card
from .content import Content, gather
from .croissant import croissant
from .datapackage import datapackage
from .duckdb_file import write_database
from .folder import MANIFEST, replacing

#: The one file whose bytes differ from export to export: DuckDB does not write alike twice.
DATABASE = "scalebook.duckdb"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    folder : path
        Where.
    files : dict of str to int
        Path in the folder to size in bytes.
    rows : dict of str to int
        Rows per table.
    """

    folder: Path
    files: dict[str, int]
    rows: dict[str, int]


def export(corpus: Path, target: Path, repository: str = "") -> Exported:
    """Write a corpus for publication.

    Parameters
    ----------
    corpus : path
        Corpus folder.
    target : path
        Folder to make: ``data/TABLE.parquet``, ``scalebook.duckdb``, ``datapackage.json``, ``croissant.json``,
        ``README.md`` and ``SHA256SUMS``. It is replaced if it is an earlier export.
    repository : str
        Repository of the Hub that the metadata names, as ``owner/name``.

    Raises
    ------
    NotPublishable
        If a source has no licence.
    Misuse
        If the target holds anything that is not of an earlier export; nothing is touched then.
    """
    with replacing(target, "export") as folder:
        content = gather(corpus, repository)
        files = {name: _parquet(content, name, folder) for name in content.tables}
        write_database(content, folder / DATABASE)
        for name, document in (("datapackage", datapackage(content, files)), ("croissant", croissant(content, files))):
            text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
        (folder / "README.md").write_text(card(content), encoding="utf-8", newline="\n")
    written = sorted(f for f in target.rglob("*") if f.is_file())
    sizes = {f.relative_to(target).as_posix(): f.stat().st_size for f in written}
    return Exported(target, sizes, {name: table.num_rows for name, table in content.tables.items()})


def without_database(manifest: dict[str, str]) -> dict[str, str]:
    """The part of a manifest that is the same for the same corpus."""
    return {path: digest for path, digest in manifest.items() if path not in (DATABASE, MANIFEST)}


def _parquet(content: Content, name: str, folder: Path) -> dict[str, Any]:
    path, held = f"data/{name}.parquet", parquet_bytes(content.tables[name])
    (folder / "data").mkdir(exist_ok=True)
    (folder / path).write_bytes(held)
    return {"path": path, "bytes": len(held), "sha256": hashlib.sha256(held).hexdigest()}
