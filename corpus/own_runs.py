"""A user's own runs: the corpus's tables in a folder of the user's, joined to the corpus when it is opened.

A family is one small file ``NAME.json``, which names the folder that holds its Parquet files. Replacing that one file
replaces all tables of the family at once, so that a reader never sees some of them old and some new.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import DamagedFile

#: Sources of a user's own runs are called so; no source of the corpus is, since its name is that of a module.
MINE = "mine/"


@dataclass(frozen=True)
class OwnFamily:
    """A family of the user's own.

    Parameters
    ----------
    name : str
        Its name.
    folder : path
        Folder with one Parquet file per table.
    files : tuple of str
        The user's files that it was read from.
    """

    name: str
    folder: Path
    files: tuple[str, ...] = ()

    @property
    def entry(self) -> Path:
        """The file whose replacement replaces the family."""
        return self.folder.with_name(f"{self.name}.json")

    def table(self, name: str) -> Path:
        """Parquet file of a table."""
        return self.folder / f"{name}.parquet"

    @property
    def remedy(self) -> str:
        """What to do when one of its files is damaged."""
        again = " ".join(f"--runs {file}" for file in self.files[:1]) or "--runs FILE"
        return f"run: scalebook ingest {again} --family {self.name}, or delete {self.entry}"


def own_runs_folder() -> Path:
    """Folder of the user's own runs: ``SCALEBOOK_RUNS``, else one in the user's data folder."""
    named = os.environ.get("SCALEBOOK_RUNS")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "scalebook" / "runs"


def own_families(folder: Path | None = None) -> list[OwnFamily]:
    """Families in a folder of own runs, by name; none if there is no such folder.

    Parameters
    ----------
    folder : path, optional
        Another folder than `own_runs_folder`.

    Raises
    ------
    DamagedFile
        If the entry of a family cannot be read.
    """
    try:
        with os.scandir(folder or own_runs_folder()) as entries:
            found = sorted(e.path for e in entries if e.name.endswith(".json") and not e.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [_family(Path(path)) for path in found]


def _family(entry: Path) -> OwnFamily:
    try:
        held = json.loads(entry.read_text(encoding="utf-8"))
        name, tables, files = held["family"], held["tables"], held["files"]
        if name != entry.stem or not re.fullmatch(r"[\w.-]+@[0-9a-f]+", tables):
            raise ValueError("it is not what Scalebook wrote")
        return OwnFamily(name, entry.with_name(tables), tuple(map(str, files)))
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            f"{entry} cannot be read ({error}); delete it, or run: scalebook ingest --runs FILE --family {entry.stem}"
        ) from error
