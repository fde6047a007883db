"""Benchmark scores of a family of the corpus, or of a file of the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from scalebook.corpus.errors import Misuse, UnknownName

from ._data import asked, is_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalebook.analysis.downstream.scores import Series
    from scalebook.analysis.points import Points
    from scalebook.corpus.database import Corpus
    from scalebook.ingest.format import Asked
    from scalebook.ingest.own_runs import OwnRuns


def scores_of(corpus: Corpus, data: str, task: str | None, options: Asked) -> tuple[list[Series], Points | None]:
    """Scores and runs of a family or a file.

    Returns
    -------
    list of Series
        By benchmark; with losses where there are any.
    Points or None
        The runs with a loss.
    """
    if is_file(data):
        return _of_file(data, task, options)
    if options != asked():
        raise Misuse(f"--column, --tokens-per-step, --metric and --trust are for files, and {data!r} is none")
    return _of_family(corpus, data)


def _of_family(corpus: Corpus, family: str) -> tuple[list[Series], Points | None]:
    from scalebook.analysis.downstream.scores import series_of
    from scalebook.analysis.points import family_points

    known = {name for (name,) in corpus.rows("select family from families")}
    if family not in known:
        raise UnknownName("family", family, known)
    if found := series_of(corpus, [family]):
        return found, family_points(corpus, family)
    if found := series_of(corpus, [family], losses=False):
        return found, None
    raise Misuse(f"family {family!r} has no benchmark scores; --list tells which benchmarks the corpus can forecast")


def _of_file(data: str, task: str | None, options: Asked) -> tuple[list[Series], Points]:
    """Scores in rows of their own (metric and task), else in a column named by the task."""
    from scalebook.analysis.bases import refuse_mixture
    from scalebook.analysis.downstream.scores import SCORES
    from scalebook.analysis.points import Points
    from scalebook.ingest.own_runs import losses, read_runs

    others = {ours: theirs for ours, theirs in options.columns.items() if ours != task}
    runs = read_runs(data, replace(options, columns=others))
    held, unit, notes = losses(runs)
    points = Points(Path(data).name, held, unit)
    refuse_mixture(points, ("params", "tokens"), remedy="")
    for note in notes:
        click.echo(f"{data}: {note}", err=True)
    if any(kind.metric in SCORES for kind in runs.rows.kinds):
        return _in_rows(runs, points), points
    if task is None:
        raise Misuse(
            f"{data} has no rows with the metric of a benchmark: name the column with its scores, such as --task piqa"
        )
    column = options.columns.get(task, task)
    scores = read_runs(data, replace(options, columns={**others, "loss": column}, metric="accuracy", called=task))
    return [_beside(scores, points, 0, task, "accuracy", None)], points


def _in_rows(runs: OwnRuns, points: Points) -> list[Series]:
    from scalebook.analysis.downstream.scores import SCORES

    found = []
    for number, kind in enumerate(runs.rows.kinds):
        if kind.metric in SCORES and kind.task:
            found.append(_beside(runs, points, number, kind.task, kind.metric, kind.shots))
    return found


def _beside(runs: OwnRuns, points: Points, kind: int, task: str, metric: str, shots: int | None) -> Series:
    """Scores beside the losses of the same run and tokens."""
    from scalebook.analysis.downstream.scores import Series

    rows = runs.rows.where(runs.rows.codes["kind"] == kind)
    names = np.array(rows.runs, object)[rows.run].tolist()
    scores = dict(zip(zip(names, rows["tokens"].tolist(), strict=True), rows["value"].tolist(), strict=True))
    places = list(zip(points["run"].tolist(), points["tokens"].tolist(), strict=True))
    there = np.array([place in scores for place in places])
    if not there.any():
        raise Misuse(f"{points.family}: no score on {task} at a checkpoint (run and tokens) that has a loss")
    kept = points.where(there)
    columns: dict[str, NDArray[Any]] = {name: kept[name] for name in ("run", "params", "tokens", "flops", "loss")}
    columns["score"] = np.array([scores[place] for place in places if place in scores])
    columns["stderr"] = np.full(len(kept), np.nan)
    return Series(points.family, points.family, task, metric, shots, points.unit, columns)
