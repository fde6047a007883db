"""The corpus on the Hugging Face Hub: pushed as an export, pulled at one commit and verified file by file."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from huggingface_hub import HfApi, errors
from huggingface_hub.utils.tqdm import disable_progress_bars

from ..database import TABLE_NAMES
from ..errors import DamagedFile, HubFailure, Misuse
from ..files import cache_folder, parquet_bytes
from ..tables import TABLES
from .content import parts
from .export import DATABASE, export, without_database
from .folder import MANIFEST, differing, read_manifest, replacing

#: Seconds after which a Hub that does not answer counts as out of reach.
PATIENCE = 10.0

#: What the Hub itself puts into a new repository.
_INITIAL = {".gitattributes", "README.md"}


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Parameters
    ----------
    repository, revision, url : str
        Where the export is now: repository, full commit, page of the commit.
    changed : bool
        False if that commit held the same export already.
    """

    repository: str
    revision: str
    url: str
    changed: bool


@dataclass(frozen=True)
class Pulled:
    """What a pull got.

    Parameters
    ----------
    repository, revision : str
        Repository and full commit.
    folder : path
        Corpus folder that was written.
    files, rows : int
        Files of the export that were verified, and rows in all tables.
    """

    repository: str
    revision: str
    folder: Path
    files: int
    rows: int


def push(corpus: Path, repository: str, *, private: bool = False, message: str = "Export of the corpus") -> Pushed:
    """Publish a corpus folder as a dataset repository, with the token that the library finds.

    Parameters
    ----------
    corpus : path
        Corpus folder.
    repository : str
        ``owner/name``; made if it is not there. One that holds something else is refused.
    private, message
        Whether a new repository is private; message of the commit.

    Raises
    ------
    NotPublishable
        If a source has no licence.
    Misuse
        If the repository holds files and is no export.
    HubFailure
        If the Hub cannot be reached or refuses.
    """
    with _hub(repository) as api, tempfile.TemporaryDirectory() as scratch:
        with contextlib.suppress(errors.RepositoryNotFoundError):  # a Hub out of reach is noticed before the work
            api.dataset_info(repository, timeout=PATIENCE)
        folder = export(corpus, Path(scratch) / "export", repository).folder
        api.create_repo(repository, repo_type="dataset", private=private or None, exist_ok=True)
        old, head = _held(api, repository)
        new = read_manifest(folder)
        done = api.upload_folder(
            repo_id=repository,
            repo_type="dataset",
            folder_path=folder,
            commit_message=message,
            parent_commit=head,
            # of the same corpus, the database that is there is as good; without it no change means no commit
            ignore_patterns=[DATABASE, MANIFEST] if without_database(old) == without_database(new) else None,
            delete_patterns=sorted(old.keys() - new.keys()) or None,
        )
        return Pushed(repository, done.oid, done.commit_url, changed=done.oid != head)


def pull(repository: str, revision: str = "main", into: Path | None = None) -> Pulled:
    """Get a published corpus as a corpus folder, after verifying every file of it.

    Parameters
    ----------
    repository : str
        ``owner/name``.
    revision : str
        Commit, or a branch or tag, which is resolved to one. What was pulled once at a full commit needs no network.
    into : path, optional
        Folder to make; else one below `scalebook.corpus.files.cache_folder`.

    Raises
    ------
    DamagedFile
        If a file is missing or is not the one that the manifest names; nothing is written then.
    HubFailure
        If the Hub cannot be reached or refuses, or has no such repository or revision.
    Misuse
        If the folder holds something else than an unchanged earlier pull.
    """
    with _hub(repository, revision) as api:
        commit, snapshot = revision, None
        if re.fullmatch("[0-9a-f]{40}", revision):
            snapshot = _cached(api, repository, commit)
        if snapshot is None:
            commit = str(api.dataset_info(repository, revision=revision, timeout=PATIENCE).sha)
            snapshot = _snapshot(api, repository, commit)
        if _wrong(snapshot):  # perhaps only the cached copy is
            snapshot = _snapshot(api, repository, commit, force_download=True)
    if wrong := _wrong(snapshot):
        raise DamagedFile(f"{repository} at {commit}: {'; '.join(wrong[:5])}. Nothing was written")
    target = into or cache_folder() / "corpus" / repository.replace("/", "--") / commit
    with replacing(target, "pulled corpus") as folder:
        rows = sum(_part(snapshot, table, folder) for table in TABLE_NAMES)
        (folder / "REVISION").write_text(f"{repository} {commit}\n", encoding="utf-8")
    return Pulled(repository, commit, target, len(_wanted(snapshot)), rows)


def _held(api: HfApi, repository: str) -> tuple[dict[str, str], str]:
    """Manifest of the export that a repository holds (empty for none), and its last commit."""
    info = api.dataset_info(repository, timeout=PATIENCE)
    held = {entry.rfilename for entry in info.siblings or ()}
    if MANIFEST in held:
        manifest = api.hf_hub_download(repository, MANIFEST, repo_type="dataset", revision=info.sha)
        return read_manifest(Path(manifest).parent), str(info.sha)
    if other := sorted(held - _INITIAL):
        raise Misuse(
            f"{repository} holds {other[0]!r} but no {MANIFEST}: it is no export of a corpus, name another one"
        )
    return {}, str(info.sha)


def _snapshot(api: HfApi, repository: str, commit: str, *, local: bool = False, force_download: bool = False) -> Path:
    """Folder with the files of one commit."""
    folder = api.snapshot_download(
        repository,
        repo_type="dataset",
        revision=commit,
        ignore_patterns=[DATABASE],
        local_files_only=local,
        force_download=force_download,
    )
    if not (Path(folder) / MANIFEST).is_file():
        raise DamagedFile(f"{repository} at {commit} has no {MANIFEST}: it is no export of a corpus")
    return Path(folder)


def _cached(api: HfApi, repository: str, commit: str) -> Path | None:
    """The same without network, if all files are there and whole."""
    try:
        found = _snapshot(api, repository, commit, local=True)
        return None if _wrong(found) else found
    except (errors.LocalEntryNotFoundError, DamagedFile):
        return None


def _wanted(snapshot: Path) -> dict[str, str]:
    return {path: digest for path, digest in read_manifest(snapshot).items() if path != DATABASE}


def _wrong(snapshot: Path) -> list[str]:
    try:
        return differing(snapshot, _wanted(snapshot))
    except DamagedFile as error:
        return [str(error)]


def _part(snapshot: Path, table: str, folder: Path) -> int:
    """Write the rows of one table, one file per source as in every corpus folder; return how many."""
    path = f"data/{table}.parquet"
    if path not in _wanted(snapshot):
        raise DamagedFile(f"the export has no {path}: it was made by another version of Scalebook")
    rows = pq.read_table(snapshot / path)
    if rows.column_names != TABLES[table].schema.names:
        raise DamagedFile(
            f"{path} has other columns than this version of Scalebook knows: pull with the version that"
            " datapackage.json names"
        )
    for source, part in parts(rows).items():
        (folder / table).mkdir(exist_ok=True)
        (folder / table / f"{source}.parquet").write_bytes(parquet_bytes(part))
    return int(rows.num_rows)


@contextlib.contextmanager
def _hub(repository: str, revision: str = "") -> Iterator[HfApi]:
    """The library's client, with its errors in our words."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise Misuse(f"{repository!r} is no repository: write owner/name")
    if not sys.stderr.isatty():
        disable_progress_bars()
    # the library reads this variable too, but only when it is first imported
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="scalebook")
    try:
        yield api
    except errors.RevisionNotFoundError as error:
        raise HubFailure(f"{repository} has no revision {revision!r}") from error
    except errors.RepositoryNotFoundError as error:
        raise HubFailure(f"there is no dataset {repository} that you may see: check its name, or {_TOKEN}") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        answer = f"the Hub refused ({status}): {_TOKEN}" if status in (401, 403) else f"the Hub answered {status}"
        raise HubFailure(f"{repository}: {answer} [{str(error).splitlines()[-1][:300]}]") from error
    except _OUT_OF_REACH as error:
        said = [line for line in str(error).splitlines() if line] or [type(error).__name__]
        raise HubFailure(f"{api.endpoint} cannot be reached: {said[0]}") from error


_TOKEN = "give a token with that right (`hf auth login`, or HF_TOKEN)"

#: Errors of the library's HTTP client have a root that the library imports under one name in all its versions.
_OUT_OF_REACH: tuple[type[Exception], ...] = (
    errors.HTTPError,  # type: ignore[attr-defined]
    errors.LocalEntryNotFoundError,
    ConnectionError,
    TimeoutError,
)
