"""From a source to checked Parquet, alike for all sources: one file per table and source, written atomically."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scalebook.corpus.errors import BrokenTable
from scalebook.corpus.files import parquet_bytes, write_atomically
from scalebook.corpus.metric_names import METRICS
from scalebook.corpus.tables import TABLES

from .corrections import Correction, correct
from .source import Source, Tables

#: Tables of a source that measured something; one that only quotes papers has none of them.
MEASURED = frozenset({"families", "runs", "checkpoints", "metrics"})


@dataclass(frozen=True)
class Built:
    """What a build did to one file.

    Parameters
    ----------
    source, table : str
        Which file.
    rows : int
        Rows in it.
    state : str
        ``"written"``, ``"unchanged"`` or, when only checking, ``"differs"`` or ``"missing"``.
    """

    source: str
    table: str
    rows: int
    state: str


def read(source: Source, folder: Path) -> dict[str, pa.Table]:
    """Checked tables of one source, from its verified files.

    Raises
    ------
    BrokenTable
        With every promise that the rows break.
    BrokenSource
        If a correction has expired.
    """
    made = source.tables(folder)
    if not MEASURED.isdisjoint(made) and (missing := sorted(MEASURED - set(made))):
        raise BrokenTable(f"{source.id}: no rows for {', '.join(missing)}")
    made["sources"] = pd.DataFrame([_card(source)])
    return checked(source.id, made, source.corrections)


def checked(source: str, made: Tables, corrections: Sequence[Correction] = ()) -> dict[str, pa.Table]:
    """Rows as tables that keep their promises, with source, unit and independent runs filled in.

    Raises
    ------
    BrokenTable, BrokenSource
        As in `read`.
    """
    if "metrics" in made:
        units = {name: m.unit for name, m in METRICS.items()}
        made["metrics"] = made["metrics"].assign(unit=made["metrics"]["metric"].map(units))
    for name in made:
        if "source" in TABLES[name].columns:
            made[name] = made[name].assign(source=source)
    tables = {n: TABLES[n].conform(f"{source} {n}", rows) for n, rows in made.items()}
    tables = correct(source, tables, corrections)
    if "families" in tables:
        tables["families"] = _counted(tables["families"], tables["runs"])
    for name, table in tables.items():
        TABLES[name].check(f"{source} {name}", table)
    if "runs" in tables:
        _check_references(source, tables)
    return tables


def write(source: Source, tables: dict[str, pa.Table], into: Path, *, only_check: bool = False) -> list[Built]:
    """Write the tables of one source; a file is touched only when its content changes.

    Parameters
    ----------
    into : path
        Corpus folder.
    only_check : bool
        Compare with the files and write nothing.
    """
    done = []
    for name, table in tables.items():
        file = into / name / f"{source.id}.parquet"
        same = file.is_file() and _same(file, table)
        state = "unchanged" if same else "written"
        if only_check and not same:
            state = "differs" if file.is_file() else "missing"
        if state == "written":
            write_atomically(file, parquet_bytes(table))
        done.append(Built(source.id, name, table.num_rows, state))
    return done


def _same(file: Path, table: pa.Table) -> bool:
    """Whether a Parquet file holds exactly this table, field metadata included."""
    try:
        held = pq.read_table(file)
    except (pa.ArrowInvalid, OSError):
        return False
    return bool(held.equals(table, check_metadata=True))


def _card(source: Source) -> dict[str, object]:
    return {
        "source": source.id,
        "title": source.title,
        "repository": source.repository,
        "commit": source.commit or None,
        "licence": source.licence,
        "citation": source.citation,
        "retrieved": source.retrieved,
        "extracted": source.extracted,
        "files": len(source.files) or None,
        "note": source.note or None,
    }


def _counted(families: pa.Table, runs: pa.Table) -> pa.Table:
    """Families with their number of independent runs: no branches, replicates of one recipe once."""
    counted = Counter[str]()
    trunks = {
        (r["family"], r["replicate_group"] or r["run"])
        for r in runs.select(["run", "family", "parent_run", "replicate_group"]).to_pylist()
        if r["parent_run"] is None
    }
    counted.update(family for family, _ in trunks)
    place = families.schema.get_field_index("independent_runs")
    numbers = pa.array([counted[f] for f in families["family"].to_pylist()], families.schema.field(place).type)
    return families.set_column(place, families.schema.field(place), numbers)


def _check_references(source: str, tables: dict[str, pa.Table]) -> None:
    """Every row refers to something that is there; a null refers to nothing."""
    references = (
        ("runs", "family", "families", "family"),
        ("runs", "parent_run", "runs", "run"),
        ("checkpoints", "run", "runs", "run"),
        ("metrics", "run", "runs", "run"),
        ("metrics", "(run, step, tokens)", "checkpoints", "(run, step, tokens)"),
    )
    broken = []
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        for table, reference, known, key in references:
            lost = connection.execute(
                f"select {reference} as lost from {table} where lost is not null"
                f" except select {key} from {known} order by lost"
            ).fetchall()
            if lost:
                broken.append(f"{table}: {len(lost)} {reference} without a row in {known}, such as {lost[0][0]!r}")
    if broken:
        raise BrokenTable(f"{source}: " + "; ".join(broken))
