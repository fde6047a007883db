"""Folders with a manifest: written whole, checked by hash, replaced only if nothing of the user's would be lost."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import DamagedFile, Misuse

#: Hash of every other file of the folder, in the format of ``sha256sum``.
MANIFEST = "SHA256SUMS"


def sha256(file: Path) -> str:
    """Hash of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, str]:
    """Path to sha256, as the manifest of a folder says.

    Raises
    ------
    DamagedFile
        If it is missing, or is no list of hashes and paths below the folder.
    """
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFile(f"{folder / MANIFEST} cannot be read ({error}): this is no export of a corpus") from error
    found = {}
    for line in lines:
        parts = re.fullmatch(r"([0-9a-f]{64})  ((?:[\w-][\w.-]*/)*[\w.-]*\w)", line)
        if parts is None:
            raise DamagedFile(f"{folder / MANIFEST}: {line[:200]!r} is no hash and path")
        found[parts[2]] = parts[1]
    return found


def differing(folder: Path, paths: dict[str, str]) -> list[str]:
    """What is wrong with files of a folder, one sentence per file that is not as the manifest says."""
    wrong = []
    for path, expected in paths.items():
        if not (folder / path).is_file():
            wrong.append(f"{path} is missing")
        elif (found := sha256(folder / path)) != expected:
            wrong.append(f"{path} has sha256 {found}, {MANIFEST} says {expected}")
    return wrong


@contextlib.contextmanager
def replacing(target: Path, what: str) -> Iterator[Path]:
    """A new folder beside the target; when all went well it gets a manifest and takes the target's place.

    Parameters
    ----------
    target : path
        Folder to make. It may be there when it is empty, or when every file in it is one that its manifest names,
        with that hash: then nothing is lost by replacing it.
    what : str
        What is made, for the message.

    Raises
    ------
    Misuse
        If the target holds something else.
    """
    target = target.absolute()
    _refuse_to_lose(target, what)
    token = secrets.token_hex(6)
    new, old = (target.with_name(f".{target.name}.{word}-{token}") for word in ("new", "old"))
    new.mkdir(parents=True)
    try:
        yield new
        files = sorted(f for f in new.rglob("*") if f.is_file())
        lines = [f"{sha256(f)}  {f.relative_to(new).as_posix()}\n" for f in files]
        (new / MANIFEST).write_text("".join(lines), encoding="utf-8")
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _refuse_to_lose(target: Path, what: str) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir() or target.is_symlink():
        raise Misuse(f"{target} is there and is no folder; name another one for the {what}")
    held = {f.relative_to(target).as_posix() for f in target.rglob("*") if not f.is_dir()}
    if not held:
        return
    other = f"name an empty folder for the {what}, or delete it yourself"
    if MANIFEST not in held:
        raise Misuse(f"{target} is not empty and was not made by this command: {other}")
    known = read_manifest(target)
    wrong = differing(target, known) + [f"{path} is not of it" for path in sorted(held - known.keys() - {MANIFEST})]
    if wrong:
        raise Misuse(f"{target} was changed since it was made ({'; '.join(wrong[:3])}): {other}")
