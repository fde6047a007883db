from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from scalebook.corpus.errors import BrokenSource
from scalebook.corpus.tables import TABLES
from scalebook.ingest.build import read
from scalebook.ingest.corrections import Correction, correct
from scalebook.ingest.source import Source

DROP = Correction(
    table="metrics", where="value > 5.2", reason="a spike of the logger", date=datetime.date(2024, 5, 6), rows=1
)
SCALE = replace(DROP, where="tokens = 2e8", column="stderr", scale=0.5)


@pytest.fixture
def metrics(tiny: Source, local: Path) -> dict[str, pa.Table]:
    rows = read(tiny, local / "tiny")["metrics"].to_pandas().assign(stderr=[None, 0.4])
    return {"metrics": TABLES["metrics"].conform("it", rows)}


def test_rows_are_dropped(metrics: dict[str, pa.Table]) -> None:
    done = correct("it", metrics, [DROP])["metrics"]
    assert done["value"].to_pylist() == [5.0]
    assert done.schema.equals(TABLES["metrics"].schema, check_metadata=True)
    assert metrics["metrics"].num_rows == 2  # what was given is as it was


def test_a_column_is_scaled_where_the_defect_is(metrics: dict[str, pa.Table]) -> None:
    done = correct("it", metrics, [SCALE])["metrics"]
    assert done["stderr"].to_pylist() == [None, 0.2]
    assert done["value"].to_pylist() == [5.5, 5.0]
    assert done.schema.equals(TABLES["metrics"].schema, check_metadata=True)


def test_a_condition_that_is_neither_true_nor_false_keeps_the_row(metrics: dict[str, pa.Table]) -> None:
    done = correct("it", metrics, [replace(DROP, where="stderr > 0.1")])["metrics"]  # null for the first
    assert done["value"].to_pylist() == [5.5]


def test_corrections_are_applied_in_order(metrics: dict[str, pa.Table]) -> None:
    done = correct("it", metrics, [SCALE, replace(DROP, where="stderr = 0.2")])["metrics"]
    assert done["value"].to_pylist() == [5.5]


@pytest.mark.parametrize(("where", "found"), [("value > 99", 0), ("value > 0", 2)])
def test_an_expired_correction_stops_the_build_and_says_why(tiny: Source, local: Path, where: str, found: int) -> None:
    fix = replace(DROP, where=where)
    with pytest.raises(BrokenSource) as error:
        read(replace(tiny, corrections=(fix,)), local / "tiny")
    assert str(error.value) == (
        f"tiny-source: the correction of 2024-05-06 (a spike of the logger) expects 1 rows of metrics where {where},"
        f" and finds {found}: upstream has changed, look at it again. Nothing was written"
    )


def test_what_a_correction_does_in_words() -> None:
    assert DROP.action == "drop rows"
    assert SCALE.action == "stderr x 0.5"
