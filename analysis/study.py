"""A study: laws x objectives x families x protocols -> results, resumable, and keyed by content.

One unit of work is one protocol asked of one family with one law and objective. Its result is kept in a file whose
name is the hash of everything that it depends on (the points, the code of the law, the protocol and the engine, the
options), so that a study killed at any moment goes on where it was, and nothing stale is ever read.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse
from scalebook.corpus.files import cache_folder, write_atomically

from .answers import SCHEMA, Task, answers
from .fit import Objective
from .law import laws
from .points import families_with_points, points_of_families
from .protocol import protocols

#: Laws of a study when none are named: two forms and the two baselines that they must beat.
DEFAULT_LAWS = ("chinchilla", "compute", "last_seen", "best_seen")


@dataclass(frozen=True)
class Study:
    """Results of a study.

    Parameters
    ----------
    results : pandas.DataFrame
        One row per split, with a status; see `SCHEMA`.
    seconds : float
        Wall time of this call; little when the results were known.
    reused : int
        Units of work that were known.
    """

    results: pd.DataFrame
    seconds: float
    reused: int

    @property
    def laws_fitted(self) -> int:
        """Fits with free coefficients that reached an optimum: no baselines, no splits with too few points."""
        return len(fitted(self.results))

    @property
    def families(self) -> int:
        """Families with at least one fit."""
        return int(fitted(self.results)["family"].nunique())


def fitted(results: pd.DataFrame) -> pd.DataFrame:
    """Rows in which coefficients were searched for and an optimum was reached, whether or not it is the only one."""
    return results[(results["starts"] > 0) & results["status"].isin(["converged", "not_identified"])]


def study(
    corpus: Corpus,
    names: Sequence[str] = (),
    *,
    law_names: Sequence[str] = DEFAULT_LAWS,
    families: Sequence[str] = (),
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    starts: int = 8,
    seed: int = 0,
    jobs: int = 1,
    cache: Path | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Study:
    """Ask protocols of families with laws, and keep what was found.

    Parameters
    ----------
    corpus : Corpus
        Where the points are from.
    names, law_names, families : sequence of str
        Protocols, laws and families; empty means all (families: those with a loss at three sizes or more).
    objective, delta, starts, seed
        As in `fit.fit`.
    jobs : int
        Processes.
    cache : path, optional
        Folder for results; else one in the user's cache.
    told : callable
        Called with the number of units done and in all, for progress.

    Returns
    -------
    Study
        The same whatever `jobs` is, and whether or not it was interrupted.

    Raises
    ------
    UnknownName
        If there is no protocol, law or family of that name.
    """
    began = time.perf_counter()
    folder = (cache or cache_folder()) / "study"
    chosen = [protocols[n].name for n in (names or protocols)]
    forms = [laws[n].name for n in (law_names or laws)]
    points = points_of_families(corpus, list(families or families_with_points(corpus)))
    tasks = [Task(p, n, form, objective, delta, starts, seed) for p in points for n in chosen for form in forms]
    if not tasks:
        raise Misuse("nothing to study: the corpus has no family with a loss at three sizes")
    files = {folder / f"{task.key}.parquet": task for task in tasks}
    rows = {file: _known(file) for file in files}
    missing = [(file, task) for file, task in files.items() if rows[file] is None]
    known = len(files) - len(missing)
    told(known, len(files))
    finished = known
    for chunk in _work(missing, jobs):
        rows |= {file: _known(file) for file in chunk}
        finished += len(chunk)
        told(finished, len(files))
    return Study(pd.concat(list(rows.values()), ignore_index=True), time.perf_counter() - began, known)


#: Most points of the families in one chunk of work, for about a second of fitting: less would be spent on handing out.
CHUNK = 3000


def _work(missing: list[tuple[Path, Task]], jobs: int) -> Iterable[list[Path]]:
    """Do what is missing, and yield the files of each chunk."""
    chunks = _chunks(missing)
    if jobs == 1 or len(chunks) < 2:
        return (_keep(chunk) for chunk in chunks)
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    done: Iterable[list[Path]] = parallel(delayed(_keep)(chunk) for chunk in chunks)
    return done


def _chunks(missing: list[tuple[Path, Task]]) -> list[list[tuple[Path, Task]]]:
    """Units that share a law, in chunks of bounded size, the largest first so that no process waits at the end."""
    chunks: list[list[tuple[Path, Task]]] = []
    law, points = "", 0
    for file, task in sorted(missing, key=lambda unit: (unit[1].law, -len(unit[1].points))):
        points += len(task.points)
        if task.law != law or points > CHUNK:
            chunks.append([])
            law, points = task.law, len(task.points)
        chunks[-1].append((file, task))
    return chunks


def _keep(chunk: list[tuple[Path, Task]]) -> list[Path]:
    """Answer the units of a chunk and write each to its file."""
    for (file, _), rows in zip(chunk, answers([task for _, task in chunk]), strict=True):
        buffer = io.BytesIO()
        settings = [pa.field(name, pa.float64()) for name in rows.columns if name not in SCHEMA.names]
        pq.write_table(pa.Table.from_pandas(rows, pa.schema([*SCHEMA, *settings]), preserve_index=False), buffer)
        write_atomically(file, buffer.getvalue())
    return [file for file, _ in chunk]


def _known(file: Path) -> pd.DataFrame | None:
    """A result that is there and whole; anything else is made again."""
    try:
        rows: pd.DataFrame = pq.read_table(file).to_pandas()
    except (OSError, pa.ArrowInvalid):
        return None
    return rows
