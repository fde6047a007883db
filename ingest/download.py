"""Files of a source at its pinned commit: from a local copy, else downloaded, and always verified."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from scalebook.corpus.errors import BrokenSource, Misuse
from scalebook.corpus.files import cache_folder, write_atomically

from .source import Source, differing, verify

#: Where GitHub serves the files of a commit; tests point it at a local server.
RAW_FILES = "https://raw.githubusercontent.com"


class NotAtHand(BrokenSource):
    """The files of a source cannot be had now, which is no fault of theirs."""


def fetch(source: Source, local: Path | None = None, *, offline: bool = False) -> Path:
    """Folder that holds the source's files, each verified against the card.

    Parameters
    ----------
    source : Source
        The card.
    local : path, optional
        Folder with local copies, one folder per `Source.folder`; else ``SCALEBOOK_SOURCES``; else the files are
        downloaded once into the user's cache.
    offline : bool
        Never use the network.

    Raises
    ------
    BrokenSource
        If a file is missing, cannot be downloaded, or has another sha256 than the card says.
    NotAtHand
        If the files are not here and may not, or cannot, be downloaded.
    Misuse
        If `local` is given and is not a folder.
    """
    if local is not None and not local.is_dir():
        raise Misuse(f"--from {local}: there is no such folder")
    given = local or (Path(os.environ["SCALEBOOK_SOURCES"]) if os.environ.get("SCALEBOOK_SOURCES") else None)
    if given is not None and (given / source.folder).is_dir():
        verify(source, given / source.folder)
        return given / source.folder
    if local is not None:
        raise BrokenSource(f"{source.id}: {local} has no folder {source.folder!r}")
    folder = _cached(source)
    wanted = list(differing(source, folder))
    if wanted and source.extracted:
        raise NotAtHand("its files were extracted from larger ones and cannot be downloaded; give a copy: --from DIR")
    if wanted and offline:
        raise NotAtHand(f"{len(wanted)} files are not in {folder} and --offline forbids to download them")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: _download(source, path, folder / path), wanted))
    return folder


def local_folders(source: Source) -> list[Path]:
    """Folders that may hold a source's files: below ``SCALEBOOK_SOURCES``, and where downloads are kept."""
    given = os.environ.get("SCALEBOOK_SOURCES")
    return [*([Path(given) / source.folder] if given else []), _cached(source)]


def _cached(source: Source) -> Path:
    return cache_folder() / "sources" / f"{source.folder}-{source.commit[:12]}"


def _download(source: Source, path: str, target: Path, attempts: int = 3) -> None:
    """One file, written only when it came whole and is the one that the card names."""
    url = f"{RAW_FILES}/{source.repository}/{source.commit}/{quote(path)}"
    for attempt in range(attempts):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                content: bytes = answer.read()
            break
        except (OSError, http.client.HTTPException) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code != 429
            if final or attempt == attempts - 1:
                raise BrokenSource(f"{source.id}: cannot download {url}: {error}") from error
            time.sleep(2**attempt)
    found = hashlib.sha256(content).hexdigest()
    if found != source.files[path]:
        raise BrokenSource(
            f"{source.id}: {url} has sha256 {found}, the card says {source.files[path]}. Nothing was written"
        )
    write_atomically(target, content)
