"""What was built from what: a source whose card, code and files have not changed is not built again."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path

from scalebook.corpus import columns
from scalebook.corpus.files import cache_folder, write_atomically

from .build import Built
from .source import Source


def remember(source: Source, into: Path, built: list[Built]) -> None:
    """Note what a build was made from, and what it made."""
    files = {b.table: {"rows": b.rows, "sha256": _digest(into, source, b.table)} for b in built}
    note = {"inputs": _inputs(source), "files": files}
    write_atomically(_note(source, into), json.dumps(note).encode())


def remembered(source: Source, into: Path) -> tuple[Built, ...]:
    """The files of a build that would be the same again; empty if anything differs from what was noted."""
    try:
        note = json.loads(_note(source, into).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    if note["inputs"] != _inputs(source):
        return ()
    if any(_digest(into, source, table) != said["sha256"] for table, said in note["files"].items()):
        return ()
    return tuple(Built(source.id, table, said["rows"], "unchanged") for table, said in note["files"].items())


def _note(source: Source, into: Path) -> Path:
    place = hashlib.sha256(str(into.resolve()).encode()).hexdigest()[:12]
    return cache_folder() / "ingest" / f"{source.id}-{place}.json"


def _digest(into: Path, source: Source, table: str) -> str:
    file = into / table / f"{source.id}.parquet"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _inputs(source: Source) -> str:
    """Hash of the card, of the source's code, and of all code that turns sources into Parquet."""
    here, there = Path(__file__).parent, Path(columns.__file__).parent
    code = [*sorted(here.glob("*.py")), *sorted(there.glob("*.py")), *sorted((there / "tables").glob("*.py"))]
    own = inspect.getsourcefile(source.tables)
    hashed = hashlib.sha256(repr(sorted(source.files.items())).encode())
    for file in [*([Path(own)] if own else []), *code]:
        hashed.update(file.read_bytes())
    return hashed.hexdigest()
