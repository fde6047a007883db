"""Work in chunks: here, in several processes, or on a Dask cluster, always with the same results."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scalebook.corpus.errors import Misuse, NoCluster

from .answers import Task, answers
from .protocol import protocols
from .rows import table_of

#: A file of results, and the tasks that it answers: they share points, law and options, and differ in protocol.
Unit = tuple[Path, tuple[Task, ...]]

#: Most points of the families in one chunk of work, each counted once per protocol, for about a second of fitting.
#: With smaller chunks more time is spent on handing out; of larger ones more is lost when a study is stopped.
CHUNK = 12_000

#: Seconds to wait for a Dask scheduler, and then for a first worker.
PATIENCE = 10


def chunks_of(units: Iterable[Unit]) -> list[list[Unit]]:
    """Units that share law and objective, in chunks of bounded size, the largest first so that no one waits long."""
    chunks: list[tuple[int, list[Unit]]] = []
    kind: tuple[str, str] = ("", "")
    for unit in sorted(units, key=lambda unit: (unit[1][0].law, unit[1][0].objective, -_size(unit))):
        task, size = unit[1][0], _size(unit)
        if (task.law, task.objective) != kind or chunks[-1][0] + size > CHUNK:
            chunks.append((0, []))
            kind = (task.law, task.objective)
        total, some = chunks.pop()
        chunks.append((total + size, [*some, unit]))
    return [some for _, some in sorted(chunks, key=lambda chunk: -chunk[0])]


def _size(unit: Unit) -> int:
    return len(unit[1][0].points) * len(unit[1])


def carried_out(chunks: list[list[Unit]], jobs: int, cluster: str | None) -> Iterator[list[tuple[Path, bytes]]]:
    """Contents of the files of each chunk, as they come.

    Parameters
    ----------
    jobs : int
        Processes on this machine.
    cluster : str, optional
        Address of a Dask scheduler, whose workers have Scalebook installed; then `jobs` does not count.
    """
    if not cluster and (jobs == 1 or len(chunks) < 2):
        yield from map(contents, chunks)
        return
    from joblib import Parallel, delayed

    with _scheduler(cluster) if cluster else contextlib.nullcontext({"n_jobs": jobs}) as backend:
        parallel = Parallel(**backend, return_as="generator_unordered", batch_size=1)
        yield from parallel(delayed(contents)(chunk) for chunk in chunks)


@contextlib.contextmanager
def _scheduler(address: str) -> Iterator[dict[str, Any]]:
    """A connection to a Dask scheduler, as what joblib needs to use it."""
    try:
        from distributed import Client
    except ImportError as error:
        raise Misuse("a Dask cluster needs Dask: pip install 'scalebook[cluster]'") from error
    from joblib import parallel_config

    try:
        client: Any = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address!r}: {error}") from error
    with client, parallel_config(backend="dask", client=client, wait_for_workers_timeout=3 * PATIENCE):
        yield {}


def contents(chunk: list[Unit]) -> list[tuple[Path, bytes]]:
    """Answer the units of a chunk: Parquet for the file of each."""
    rows = iter(answers([task for _, tasks in chunk for task in tasks]))
    return [(file, _parquet(tasks, [row for _ in tasks for row in next(rows)])) for file, tasks in chunk]


def _parquet(tasks: Sequence[Task], rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table_of(rows, [name for task in tasks for name in protocols[task.protocol].settings]), buffer)
    return buffer.getvalue()


def known(file: Path) -> pa.Table | None:
    """A result that is there and whole; anything else is made again."""
    try:
        return pq.read_table(file, partitioning=None)
    except (OSError, pa.ArrowInvalid):
        return None
