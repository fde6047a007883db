"""Results of a study as files that SQL sees: forecasts, and the findings that follow from them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scalebook.corpus.columns import Column
from scalebook.corpus.files import write_atomically

from .asked import answers_to
from .finding import Finding, NoAnswer
from .protocol import protocols
from .result_columns import RESULT_COLUMNS, SCHEMA
from .study import Study

#: Columns of findings.
FINDING_COLUMNS: dict[str, Column] = {
    "finding": Column("VARCHAR", "", "Name of the question."),
    "question": Column("VARCHAR", "", "The question."),
    "claim": Column("VARCHAR", "", "The answer."),
    "rule": Column("VARCHAR", "", "What a practitioner does about it."),
    "caution": Column("VARCHAR", "", "What weakens it; null for nothing."),
    "published": Column("VARCHAR", "", "The claim of the literature that it re-examines."),
    "verdict": Column("VARCHAR", "", "What becomes of that claim on this corpus."),
    "value": Column("DOUBLE", "see claim", "The effect that the claim is about."),
    "low": Column("DOUBLE", "see claim", "Lower end of its interval."),
    "high": Column("DOUBLE", "see claim", "Upper end of its interval."),
    "level": Column("DOUBLE", "share", "Coverage of the interval."),
    "q": Column("DOUBLE", "", "p value adjusted for the number of findings."),
    "families": Column("INTEGER", "families", "Families that the effect rests on."),
    "groups": Column("INTEGER", "groups", "Independent groups of families among them."),
}
_ARROW = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "DOUBLE": pa.float64()}


def keep(done: Study, folder: Path) -> list[Path]:
    """Write ``predictions.parquet`` and ``findings.parquet`` to a folder, each whole or not at all.

    Parameters
    ----------
    done : Study
        Results.
    folder : path
        Where to; results of another study there are replaced.

    Returns
    -------
    list of path
        The files.
    """
    findings = folder / "findings.parquet"
    files = {findings: findings_table(done.results), folder / "predictions.parquet": predictions_table(done.results)}
    for file, table in files.items():
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        write_atomically(file, buffer.getvalue())
    return list(files)


def predictions_table(results: pd.DataFrame) -> pa.Table:
    """Forecasts, every column with its meaning; settings of all protocols are there, asked or not."""
    fields = [_described(field, RESULT_COLUMNS[field.name]) for field in SCHEMA]
    for name, meaning in _settings().items():
        fields.append(_described(pa.field(name, pa.float64()), Column("DOUBLE", "see meaning", meaning)))
    columns = [
        pa.array(results[f.name] if f.name in results else [None] * len(results), f.type, from_pandas=True)
        for f in fields
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def findings_table(results: pd.DataFrame) -> pa.Table:
    """One row per question that these results answer, in alphabetical order."""
    everything = results.reindex(columns=[*SCHEMA.names, *_settings()])
    try:
        found = answers_to(everything).findings
    except NoAnswer:
        found = {}
    rows = [_row(name, finding) for name, finding in found.items()]
    fields = [_described(pa.field(name, _ARROW[c.type]), c) for name, c in FINDING_COLUMNS.items()]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _row(name: str, finding: Finding) -> dict[str, Any]:
    effect = finding.interval
    return {
        "finding": name,
        "question": finding.question,
        "claim": finding.claim,
        "rule": finding.rule or None,
        "caution": finding.caution or None,
        "published": finding.published.text if finding.published else None,
        "verdict": finding.verdict,
        **{column: getattr(effect, column) for column in ("value", "low", "high", "level", "families", "groups")},
        "q": finding.q,
    }


def _settings() -> dict[str, str]:
    """Every setting of any protocol, with what it means; one that several share may mean something else in each."""
    told: dict[str, dict[str, list[str]]] = {}
    for protocol in protocols.values():
        for name, meaning in protocol.settings.items():
            told.setdefault(name, {}).setdefault(meaning, []).append(protocol.name)
    return {
        name: " ".join(f"{meaning.rstrip('.')} ({', '.join(asked)})." for meaning, asked in meanings.items())
        for name, meanings in told.items()
    }


def _described(field: pa.Field, column: Column) -> pa.Field:
    return field.with_metadata({"unit": column.unit, "meaning": column.meaning})
