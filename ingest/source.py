"""A source is a card and a pure function: which files of which commit, and how they become tables."""

from __future__ import annotations

import datetime
import hashlib
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.corpus.errors import BrokenSource
from scalebook.corpus.names import Registry

from .corrections import Correction

if TYPE_CHECKING:
    import pandas as pd

#: What a source's function returns: rows per table, without the column ``source``.
Tables = dict[str, "pd.DataFrame"]


@dataclass(frozen=True)
class Source:
    """A publication of data as it was on one day.

    Parameters
    ----------
    tables : callable
        Folder with the verified files to rows of ``families``, ``runs``, ``checkpoints`` and ``metrics``. Pure: no
        network, no writing.
    title, repository, commit, licence, citation : str
        Who published it, where, under which terms, and how to cite it. ``repository`` is ``owner/name`` on GitHub.
    retrieved : datetime.date, optional
        Day of the commit; None where it is not known.
    files : mapping of str to str
        Every file read, to its sha256. A source with many files keeps them in a file of the same name that ends in
        ``.sha256`` (see `listed`).
    folder : str
        Folder of a local copy, below the one given with ``--from``; several sources may share one.
    extracted : bool
        The files were cut out of larger ones, so that they cannot be downloaded again.
    note : str
        What a user must know before relying on it.
    corrections : tuple of Correction
        Fixes of upstream defects, each with a reason and an expiry.
    """

    tables: Callable[[Path], Tables]
    title: str
    repository: str
    commit: str
    licence: str
    citation: str
    retrieved: datetime.date | None
    files: Mapping[str, str]
    folder: str
    extracted: bool = False
    note: str = ""
    corrections: tuple[Correction, ...] = field(default=())

    @cached_property
    def id(self) -> str:
        """Name of the source: that of the file that defines it."""
        return self.tables.__module__.rsplit(".", 1)[-1].replace("_", "-")


SOURCES: Registry[Source] = Registry("scalebook.ingest.sources", "SOURCE", Source, separator="-")


def listed(module_file: str) -> Mapping[str, str]:
    """Hashes from the list beside a source's file, in the format of ``sha256sum``.

    Parameters
    ----------
    module_file : str
        ``__file__`` of the source.

    Returns
    -------
    mapping of str to str
        Path to sha256.
    """
    lines = Path(module_file).with_suffix(".sha256").read_text(encoding="utf-8").splitlines()
    return types.MappingProxyType({path: digest for digest, path in (line.split("  ", 1) for line in lines if line)})


def verify(source: Source, folder: Path) -> None:
    """Check every file of a source against the card.

    Raises
    ------
    BrokenSource
        With each file that is missing or has another hash, the hash found and the hash expected.
    """
    if wrong := list(differing(source, folder).values()):
        shown = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more files" if len(wrong) > 5 else "")
        raise BrokenSource(f"{source.id}: {shown}. Nothing was written")


def differing(source: Source, folder: Path) -> dict[str, str]:
    """Files that are not what the card says, to what is wrong with them."""
    wrong = {}
    for path, expected in source.files.items():
        if not (folder / path).is_file():
            wrong[path] = f"{path} is missing"
        elif (found := hashlib.sha256((folder / path).read_bytes()).hexdigest()) != expected:
            wrong[path] = f"{path} has sha256 {found}, the card says {expected}"
    return wrong
