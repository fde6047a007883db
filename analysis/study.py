"""A study: laws x objectives x families x protocols -> results, resumable, and keyed by content.

One unit of work is one protocol asked of one family with one law and objective. Its result is kept in a file whose
name is the hash of everything that it depends on (the points, the code of the law, the protocol and the engine, the
options), so that a study killed at any moment goes on where it was, and nothing stale is ever read.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse
from scalebook.corpus.files import cache_folder, write_atomically

from .bases import mixture, named
from .error import relative_error
from .fit import Fit, Objective, fit_batch
from .law import Law, laws
from .points import BASES, Points, families_with_points, points_of_families
from .protocol import Split, protocols

#: Laws of a study when none are named: two forms and the two baselines that they must beat.
DEFAULT_LAWS = ("chinchilla", "compute", "last_seen", "best_seen")

#: One row per split; settings of protocols are columns of their own, after these.
SCHEMA = pa.schema(
    [
        pa.field(name, kind)
        for kind, names in {
            pa.string(): (
                "family",
                "related",
                "protocol",
                "law",
                "objective",
                "status",
                "reason",
                "target_run",
                "unit",
                "params_basis",
                "flops_basis",
            ),
            pa.int32(): ("points", "runs", "starts", "starts_agreeing"),
            pa.float64(): (
                "train_flops",
                "target_params",
                "target_tokens",
                "target_flops",
                "observed",
                "predicted",
                "low",
                "high",
                "signed_error",
                "are",
                "extrapolation_params",
                "extrapolation_tokens",
                "extrapolation_flops",
                "objective_value",
            ),
        }.items()
        for name in names
    ]
)


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


@dataclass(frozen=True)
class Task:
    """One unit of work; everything its result depends on is in its `key`."""

    points: Points
    protocol: str
    law: str
    objective: Objective
    delta: float
    starts: int
    seed: int

    @property
    def key(self) -> str:
        """Hash of all that the result depends on."""
        options = {k: v for k, v in asdict(self).items() if k != "points"}
        parts = (
            self.points.digest,
            _code(protocols[self.protocol].split),
            _code(laws[self.law].predict),
            _engine_code(),
        )
        return hashlib.sha256(json.dumps([*parts, options], sort_keys=True).encode()).hexdigest()[:40]


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
    for n, file in enumerate(_work(missing, jobs), known + 1):
        rows[file] = _known(file)
        told(n, len(files))
    return Study(pd.concat(list(rows.values()), ignore_index=True), time.perf_counter() - began, known)


def answer(task: Task) -> pd.DataFrame:
    """Result of one unit of work: one row per split, or one that says why there is none."""
    protocol, law = protocols[task.protocol], laws[task.law]
    splits = list(protocol.split(task.points))
    names = [field.name for field in SCHEMA] + list(protocol.settings)
    if why := _unanswerable(task.points, law, splits):
        return pd.DataFrame([_named(task) | why], columns=names)
    problems = [dict(task.points.where(s.train).columns) for s in splits]
    fits = fit_batch(
        law, problems, objective=task.objective, delta=task.delta, starts=task.starts, seed=task.seed, level=0.9
    )
    rows = [_named(task) | _row(task.points, law, s, f) for s, f in zip(splits, fits, strict=True)]
    return pd.DataFrame(rows, columns=names)


def _unanswerable(points: Points, law: Law, splits: Sequence[Split]) -> dict[str, str]:
    """Status and reason, if this family cannot answer with this law under this protocol; empty if it can."""
    if mixed := mixture(points, law.inputs):
        return {"status": "mixed_bases", "reason": mixed}
    if not splits:
        why = f"the protocol has no split for a family of this many sizes: {points.level.max() + 1}"
        return {"status": "not_applicable", "reason": why}
    unknown = [c for c in (*law.inputs, law.target) if c not in points.columns or not np.all(points[c] > 0)]
    why = f"the law needs {', '.join(unknown)} of every checkpoint"
    return {"status": "not_applicable", "reason": why} if unknown else {}


def _named(task: Task) -> dict[str, Any]:
    """What every row of a task says."""
    return {
        "family": task.points.family,
        "related": task.points.related or task.points.family,
        "protocol": task.protocol,
        "law": task.law,
        "objective": task.objective,
        "unit": task.points.unit,
        **{column: named(task.points, column) for column in BASES},
    }


def _row(points: Points, law: Law, split: Split, fit: Fit) -> dict[str, Any]:
    """One split: what was seen, what was predicted, what was there."""
    seen, target = points.where(split.train), points.where(split.target)
    row: dict[str, Any] = {
        **split.settings,
        "points": len(seen),
        "runs": len(seen.runs),
        "train_flops": _spent(seen),
        "status": fit.status,
        "reason": fit.reason,
        "starts": fit.starts,
        "starts_agreeing": fit.starts_agreeing,
        "objective_value": fit.value,
    }
    if not len(target):
        return row | {"status": "nothing_to_predict", "reason": "no point is left to predict"}
    if not len(seen):
        return row | {"status": "nothing_to_learn_from", "reason": "no point is left to learn from"}
    last = int(np.argmax(target["tokens"]))
    inputs: dict[str, Any] = {name: target[name] for name in law.inputs}
    with np.errstate(all="ignore"):  # a law that the data did not determine may end anywhere
        predicted = np.broadcast_to(fit.predict(**inputs), len(target))
    errors = relative_error(predicted, target["loss"])
    ends = fit.interval(**inputs) if fit.status == "converged" else (np.nan, np.nan)
    low, high = (np.broadcast_to(end, len(target)) for end in ends)
    return row | {
        "target_run": target["run"][last],
        "target_params": target["params"][last],
        "target_tokens": target["tokens"][last],
        "target_flops": target["flops"][last],
        "observed": target["loss"][last],
        "predicted": predicted[last],
        "low": low[last],
        "high": high[last],
        "signed_error": float(np.mean(errors)),
        "are": float(np.mean(np.abs(errors))),
        **{f"extrapolation_{c}": target[c][last] / seen[c].max() for c in ("params", "tokens", "flops")},
    }


def _spent(points: Points) -> float:
    """FLOPs of the training that was seen: each run up to its last point."""
    return float(sum(points["flops"][points["run"] == run].max() for run in points.runs))


def _work(missing: list[tuple[Path, Task]], jobs: int) -> Iterable[Path]:
    """Do what is missing, and yield after each unit."""
    if jobs == 1 or len(missing) < 2:
        return (_keep(file, task) for file, task in missing)
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size="auto")
    done: Iterable[Path] = parallel(delayed(_keep)(file, task) for file, task in missing)
    return done


def _keep(file: Path, task: Task) -> Path:
    buffer = io.BytesIO()
    rows = answer(task)
    settings = [pa.field(name, pa.float64()) for name in rows.columns if name not in SCHEMA.names]
    pq.write_table(pa.Table.from_pandas(rows, pa.schema([*SCHEMA, *settings]), preserve_index=False), buffer)
    write_atomically(file, buffer.getvalue())
    return file


def _known(file: Path) -> pd.DataFrame | None:
    """A result that is there and whole; anything else is made again."""
    try:
        return pq.read_table(file).to_pandas()
    except (OSError, pa.ArrowInvalid):
        return None


def _code(function: Callable[..., Any]) -> str:
    return inspect.getsource(sys.modules[function.__module__])


@functools.cache
def _engine_code() -> str:
    """All code here that is no law, protocol, finding or frontier: if any of it changes, results are made again."""
    here = Path(__file__).parent
    entries = {"laws", "protocols", "findings", "optimal"}
    files = sorted(f for f in here.rglob("*.py") if f.relative_to(here).parts[0] not in entries)
    return "".join(file.read_text(encoding="utf-8") for file in files)
