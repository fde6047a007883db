"""Results of EleutherAI's lm-evaluation-harness: one checkpoint of one run per file.

The run is called like the model (``model_name``, or ``pretrained=`` in the arguments), without the step that its name
or revision may hold. Scores out of range, and metrics that the metric dictionary does not have, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from scalebook.corpus.errors import Misuse
from scalebook.corpus.metric_names import METRICS

from ..format import COLUMNS, Asked, Format, Sheet
from ..given import Given
from ..harness import measured
from .jsonl import Row, table

_HELD = ("run", "params", "step", "value", "metric", "task", "shots", "stderr")
_STEP = re.compile(r"[-_/.,=]?(?:global_?)?(?:step|checkpoint|iter)[-_=]?(?P<step>\d+)", re.IGNORECASE)


def read(given: Given, asked: Asked) -> Sheet:
    """One row per score."""
    run, step = _model(given)
    params = _config(given).get("model_num_parameters")
    rows: list[Row] = []
    left_out: list[Row] = []
    for place, row in _rows(given):
        low, high = METRICS[row["metric"]].low, METRICS[row["metric"]].high
        (rows if low <= row["value"] <= high else left_out).append((place, row))
    if not rows:
        raise Misuse(
            f"{given.path} holds no score that the metric dictionary knows (scalebook sql 'from metric_dictionary')"
        )
    own = {"run": run, "step": step, "params": params if isinstance(params, int) and params > 0 else None}
    made = table(given, ((place, {**row, **own}) for place, row in rows), {name: COLUMNS[name] for name in _HELD})
    for ours, theirs in asked.columns.items():
        made = _said(made, ours, theirs)
    notes = (f"{len(left_out)} scores left out that cannot be shares, such as {left_out[0][0]}",) if left_out else ()
    return Sheet(made, notes=notes)


def _said(made: pa.Table, ours: str, theirs: str) -> pa.Table:
    """A number that holds for the whole file."""
    try:
        number = float(theirs)
    except ValueError:
        number = -1.0
    if ours not in ("params", "tokens", "step") or number < 0:
        raise Misuse(
            f"--column {ours}={theirs}: of a harness's results, params, tokens and step can be said, as numbers"
        )
    kept = made.drop_columns([ours]) if ours in made.column_names else made
    return kept.append_column(ours, pa.repeat(number, made.num_rows))


def _rows(given: Given) -> Iterator[Row]:
    shots = given.document.get("n-shot") or {}
    default = _config(given).get("num_fewshot")
    for task, scores in given.document["results"].items():
        for m in measured(scores):
            variant = m.name.partition(",")[2]
            yield (
                f"results.{task}.{m.name}",
                {
                    "value": m.value,
                    "metric": m.metric,
                    "task": task if variant in ("", "none") else f"{task} ({variant})",
                    "shots": shots.get(task, default) if isinstance(shots.get(task, default), int) else None,
                    "stderr": m.stderr,
                },
            )


def _model(given: Given) -> tuple[str, float | None]:
    """Name of the model without its step, and the step where it is told.

    The last part of the path counts, or the one before it where that is a checkpoint.
    """
    document = given.document
    arguments = _config(given).get("model_args") or ""
    if isinstance(arguments, dict):
        arguments = ",".join(f"{name}={value}" for name, value in arguments.items())
    told = dict(pair.split("=", 1) for pair in str(arguments).split(",") if "=" in pair)
    name = str(told.get("pretrained") or told.get("path") or document.get("model_name") or given.path.stem).rstrip("/")
    match = _STEP.search(told.get("revision", "")) or _STEP.search("/" + "/".join(name.split("/")[-2:]))
    parts = [part for part in (_STEP.sub("", f"/{part}").strip("/-_.") for part in name.split("/")) if part]
    return (parts[-1] if parts else given.path.stem), float(match["step"]) if match else None


def _config(given: Given) -> dict[str, Any]:
    config = given.document.get("config")
    return config if isinstance(config, dict) else {}


def _recognises(given: Given) -> bool:
    document: Any = given.document
    if not isinstance(document, dict) or not isinstance(document.get("results"), dict):
        return False
    tasks = document["results"].values()
    return bool(tasks) and all(isinstance(task, dict) for task in tasks)


FORMAT = Format(
    title="results of lm-evaluation-harness",
    recognises=_recognises,
    read=read,
    evaluations=True,
)
