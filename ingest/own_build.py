"""A user's own runs as the corpus's tables, in a folder of the user's; the corpus itself is never touched."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.database import TABLE_NAMES, data_folder, open_corpus
from scalebook.corpus.errors import DamagedFile, Misuse
from scalebook.corpus.files import parquet_bytes, write_atomically
from scalebook.corpus.own_runs import MINE, OwnFamily, own_families, own_runs_folder

from .arrow import Numbers
from .format import NOTHING, Asked
from .own_rows import Rows
from .own_runs import OwnRuns, read_runs

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Folders of earlier versions are removed when they are this old, so that nobody still reads or writes them.
_OLD_SECONDS = 3600.0


@dataclass(frozen=True)
class OwnIngested:
    """What was done with a user's files.

    Parameters
    ----------
    family, source : str
        Names in the tables.
    folder : path
        Folder of the user's own runs.
    state : str
        ``"written"``, ``"unchanged"``, or ``"checked"`` when nothing was to be written.
    rows : dict of str to int
        Rows per table.
    loss : str
        What the loss is; empty where there is none.
    formats, notes : tuple of str
        What the files are, and what was left out.
    """

    family: str
    source: str
    folder: Path
    state: str
    rows: dict[str, int]
    loss: str
    formats: tuple[str, ...]
    notes: tuple[str, ...]


def ingest_runs(
    files: Sequence[Path | str],
    asked: Asked = NOTHING,
    *,
    family: str | None = None,
    into: Path | None = None,
    format: str = "auto",
    check: bool = False,
) -> OwnIngested:
    """Put a user's own runs beside the corpus, so that its tables and views have them.

    Parameters
    ----------
    files : sequence of path
        What `load_runs` takes; together they are one family.
    asked : Asked
        What the files do not say.
    family : str, optional
        Name of the family; else that of the first file, in lower case.
    into : path, optional
        Another folder than the user's own (`scalebook.corpus.own_runs.own_runs_folder`).
    format : str
        Name of a format, or ``"auto"``.
    check : bool
        Read and check everything, and write nothing.

    Raises
    ------
    Misuse
        If a file is refused, or the family is one of the corpus, or one from other files that was not named.
    BrokenTable
        If rows break what the tables promise.
    """
    from .build import checked

    runs = read_runs(files, asked, format)
    paths = [Path(file).resolve() for file in files]
    folder = own_runs_folder() if into is None else into
    name = _name(paths, family)
    _refuse(name, named=family is not None, paths=paths, folder=folder)
    tables = checked(MINE + name, _tables(runs, name, paths))
    state = "checked" if check else _write(tables, name, paths, folder)
    rows = {table: held.num_rows for table, held in tables.items()}
    return OwnIngested(name, MINE + name, folder, state, rows, str(runs.loss or ""), runs.formats, runs.rows.notes)


def _name(paths: Sequence[Path], family: str | None) -> str:
    """Name of the family, in the letters that one may have."""
    name = family if family is not None else re.sub(r"[^a-z0-9.-]+", "-", paths[0].stem.lower()).strip("-.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,99}", name):
        why = f"a family's name has the letters a-z, 0-9, dot and dash, and {name!r} is none"
        raise Misuse(f"{why}: say --family NAME, such as --family my-runs")
    return name


def _refuse(name: str, *, named: bool, paths: Sequence[Path], folder: Path) -> None:
    """Neither the corpus nor what is from other files is written over."""
    corpus = data_folder().resolve()
    if corpus in (folder.resolve(), *folder.resolve().parents) or any(
        (folder / table).is_dir() for table in TABLE_NAMES
    ):
        raise Misuse(f"{folder} is a corpus: own runs are kept apart from it; name another folder with --into")
    with open_corpus(own_runs=False) as opened:
        if opened.rows("select 1 from families where family = ?", [name]):
            raise Misuse(f"the corpus has a family {name!r}: name your runs otherwise, with --family NAME")
    with suppress(DamagedFile):
        held = {own.name: own for own in own_families(folder)}
        if name in held and not named and not set(map(str, paths)) & set(held[name].files):
            raise Misuse(
                f"your family {name!r} is from {', '.join(held[name].files)}: say --family {name} to replace it, or"
                " another name"
            )


def _tables(runs: OwnRuns, family: str, paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """Rows of the corpus's tables."""
    import pandas as pd

    rows = runs.rows
    root = Path(os.path.commonpath([path.parent for path in paths]))
    files = [path.relative_to(root).as_posix() for path in paths]
    hashes = "; ".join(f"{file} has sha256 {_sha256(path)}" for file, path in zip(files, paths, strict=True))
    source = {
        "title": f"Your own runs: {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else ""),
        "repository": root.as_posix(),
        "licence": "none",
        "citation": "unpublished",
        "extracted": False,
        "files": len(files),
        "note": hashes if len(files) <= 20 else None,
    }
    told = {"family": family, "related": "mine"}
    if runs.loss is not None:
        told |= {k: v for k, v in runs.loss._asdict().items() if v is not None}
    names = np.array([f"{family}/{run}" for run in rows.runs], dtype=object)
    place = {"run": names[rows.run], **{n: rows[n] for n in ("step", "tokens")}}
    kinds = {n: np.array([k._asdict()[n] for k in rows.kinds], object) for n in ("metric", "task", "split", "shots")}
    return {
        "sources": pd.DataFrame([source]),
        "families": pd.DataFrame([told]),
        "runs": pd.DataFrame(_runs(rows, family, names)),
        "checkpoints": pd.DataFrame(_checkpoints(rows, place)),
        "metrics": pd.DataFrame(
            {
                **place,
                **{name: values[rows.codes["kind"]] for name, values in kinds.items()},
                "value": rows["value"],
                "stderr": rows["stderr"],
                "how": "as_published",
                "file": np.array(files, dtype=object)[rows.codes["file"]],
                "line": rows["line"],
                "key": rows.keys,
            }
        ),
    }


def _runs(rows: Rows, family: str, names: Any) -> dict[str, Any]:
    """One row per run; what its size counts is what its file means by it, which is seldom said."""
    params = rows.last("params")
    batch = np.full(len(rows.runs), np.nan)
    if rows.stepped and (some := rows["step"] > 0).any():
        batch[:] = np.median(rows["tokens"][some] / rows["step"][some])
    basis = _said(_one_word(rows, "params_basis"), _told("nominal", params))
    counts = {"params_total": "total", "params_non_embedding": "non-embedding", "params_active": "active"}
    return {
        "run": names,
        "family": family,
        "params": params,
        "params_basis": basis,
        **{name: np.where(basis == word, params, np.nan) for name, word in counts.items()},
        "peak_learning_rate": rows.last("peak_learning_rate"),
        "schedule": np.array([word or None for word in _one_word(rows, "schedule")], object),
        "seed": rows.last("seed"),
        "unique_tokens": rows.last("unique_tokens"),
        "batch_tokens": batch,
        "recipe": np.array(rows.runs, dtype=object),
    }


def _checkpoints(rows: Rows, place: dict[str, Any]) -> dict[str, Any]:
    """One row per run and place; rows are sorted, so that those of one place are neighbours."""
    keys = (rows.run, np.nan_to_num(rows["tokens"], nan=-1), np.nan_to_num(rows["step"], nan=-1))
    new = np.zeros(len(rows) - 1, bool)
    for key in keys:
        new |= key[1:] != key[:-1]
    first = np.flatnonzero(np.r_[True, new])
    told = {name: np.fmax.reduceat(rows[name], first) for name in ("flops", "learning_rate")}
    basis = "step_x_batch" if rows.stepped else "reported"
    return {
        **{name: values[first] for name, values in place.items()},
        "tokens_basis": _told(basis, rows["tokens"][first]),
        **told,
        "flops_basis": _said(rows.label("flops_basis")[first], _told("reported", told["flops"])),
    }


def _one_word(rows: Rows, name: str) -> NDArray[np.object_]:
    """The word of each run; empty where there is none.

    Raises
    ------
    Misuse
        If a run has several.
    """
    label, words = rows.label(name), np.full(len(rows.runs), "", dtype=object)
    words[rows.run] = label
    if (differs := words[rows.run] != label).any():
        row = np.argmax(differs)
        run = rows.run[row]
        raise Misuse(
            f"{rows.place(row)}: run {rows.runs[run]!r} has {name} {label[row]!r} here and {words[run]!r} elsewhere:"
            f" say one for each run, or leave the column out with --column {name}="
        )
    return words


def _said(words: NDArray[np.object_], unsaid: NDArray[np.object_]) -> NDArray[np.object_]:
    """Words of numbers, and others where there is none; no number has no word."""
    pairs = zip(words, unsaid, strict=True)
    return np.array([other and (word or other) for word, other in pairs], dtype=object)


def _told(word: str, numbers: Numbers) -> NDArray[np.object_]:
    """A word where there is a number."""
    words = np.full(len(numbers), None, dtype=object)
    words[~np.isnan(numbers)] = word
    return words


def _write(tables: dict[str, pa.Table], name: str, paths: Sequence[Path], folder: Path) -> str:
    """Write all tables into a folder of their own, then the entry that makes it the family's."""
    content = {table: parquet_bytes(held, level=3) for table, held in tables.items()}
    digest = hashlib.sha256(b"".join(content[table] for table in sorted(content))).hexdigest()[:16]
    family = OwnFamily(name, folder / f"{name}@{digest}", tuple(map(str, paths)))
    entry = {"family": name, "tables": family.folder.name, "files": family.files}
    whole = all(family.table(t).is_file() and family.table(t).read_bytes() == c for t, c in content.items())
    written = json.dumps(entry, indent=1).encode()
    if whole and family.entry.is_file() and family.entry.read_bytes() == written:
        return "unchanged"
    if not whole:
        _put(content, family.folder)
    write_atomically(family.entry, written)
    _remove_old(family)
    return "written"


def _put(content: dict[str, bytes], folder: Path) -> None:
    """A folder with its files, there in a whole or not at all."""
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    for table, parquet in content.items():
        write_atomically(part / f"{table}.parquet", parquet)
    shutil.rmtree(folder, ignore_errors=True)  # one that is damaged: its name is the hash of what it should hold
    part.replace(folder)


def _remove_old(family: OwnFamily) -> None:
    """Remove what earlier versions and interrupted writes left, once nobody can still be at it."""
    for left in (*family.folder.parent.glob(f"{family.name}@*"), *family.folder.parent.glob(f".{family.name}@*")):
        with suppress(OSError):
            if left != family.folder and left.stat().st_mtime < time.time() - _OLD_SECONDS:
                shutil.rmtree(left)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
