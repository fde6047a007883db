from __future__ import annotations

import datetime
import io
import math

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.corpus.columns import COLUMNS
from scalebook.corpus.errors import BrokenTable
from scalebook.corpus.table import Table
from scalebook.corpus.tables import TABLES

METRICS, CHECKPOINTS, RUNS = TABLES["metrics"], TABLES["checkpoints"], TABLES["runs"]


def rows_of_metrics(**changed: object) -> pd.DataFrame:
    row: dict[str, object] = {
        "run": "f/a",
        "step": 1,
        "tokens": 1e9,
        "metric": "loss",
        "task": "Pile",
        "split": "test",
        "unit": "nats/token",
        "value": 2.5,
        "how": "as_published",
        "source": "s",
        "file": "a.csv",
        "line": 2,
    }
    return pd.DataFrame([row | changed])


def said(table: Table, rows: pd.DataFrame) -> str:
    """What the table says about rows that break a promise."""
    with pytest.raises(BrokenTable) as error:
        table.check("it", table.conform("it", rows))
    return str(error.value)


def test_sound_rows_pass() -> None:
    METRICS.check("it", METRICS.conform("it", rows_of_metrics()))


def test_a_column_that_is_left_out_is_null_and_has_its_unit_and_meaning() -> None:
    table = METRICS.conform("it", rows_of_metrics())
    assert table.column_names == list(METRICS.columns)
    assert table["stderr"].to_pylist() == [None]
    field = CHECKPOINTS.schema.field("tokens")
    assert field.metadata == {b"unit": b"tokens", b"meaning": COLUMNS["tokens"].meaning.encode()}


def test_an_unknown_column_is_named_with_what_is_allowed() -> None:
    with pytest.raises(BrokenTable, match=r"it: no column 'lose'; the table has run, step, tokens"):
        METRICS.conform("it", rows_of_metrics(lose=1.0))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("value", "2.5 nats"),
        ("value", [2.5]),
        ("value", 2.5 + 1j),
        ("step", 1.5),
        ("step", 2**70),
        ("shots", 2**40),
        ("task", 5),
        ("task", datetime.date(2024, 1, 1)),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_column_named(column: str, value: object) -> None:
    with pytest.raises(BrokenTable, match=rf"it: column '{column}' is not "):
        METRICS.conform("it", rows_of_metrics(**{column: value}))


@pytest.mark.parametrize("column", ["run", "metric", "unit", "value", "how", "source", "file"])
def test_a_missing_required_value_is_counted(column: str) -> None:
    assert f"1 row breaks '{column} is not null'" in said(METRICS, rows_of_metrics(**{column: None}))


def test_nan_is_no_value() -> None:
    assert "1 row breaks 'value is not null'" in said(METRICS, rows_of_metrics(value=math.nan))


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ({"tokens": -1.0}, "tokens >= 0"),
        ({"tokens": math.inf}, "tokens is finite"),
        ({"value": math.inf}, "value is finite"),
        ({"value": -math.inf}, "value is finite"),
        ({"step": -1}, "step >= 0"),
        ({"stderr": -0.1}, "stderr >= 0"),
        ({"split": "holdout"}, "split in ('train', 'validation', 'test')"),
        ({"how": "guessed"}, "how in ("),
        ({"line": 0}, "line > 0"),
        ({"run": "no-family"}, "run like '%/%'"),
        ({"metric": "lose"}, "metric is in the metric dictionary"),
        (
            {"metric": "loss", "value": 31.6},
            "value lies in the range of its metric (a perplexity in a loss column does not",
        ),
        ({"metric": "perplexity", "value": 0.7}, "value lies in the range of its metric"),
        ({"metric": "accuracy", "value": 67.0}, "value lies in the range of its metric"),
        ({"line": None, "key": None}, "a value says its line or key"),
    ],
)
def test_a_broken_promise_is_named(rows: dict[str, object], broken: str) -> None:
    assert f"1 row breaks {broken}" in said(METRICS, rows_of_metrics(**rows)).replace('"', "").replace(
        "breaks '", "breaks "
    )


@pytest.mark.parametrize("metric", ["loss", "span_loss"])
def test_the_ends_of_a_range_belong_to_it(metric: str) -> None:
    for value in (0.0, 25.0):
        METRICS.check("it", METRICS.conform("it", rows_of_metrics(metric=metric, value=value)))


def test_everything_that_broke_is_reported_at_once() -> None:
    rows = pd.concat(
        [
            rows_of_metrics(run="f/a", tokens=-1.0),
            rows_of_metrics(run="f/b", tokens=-2.0, value=99.0),
            rows_of_metrics(run="f/c"),
            rows_of_metrics(run="f/c", value=2.6),
        ]
    )
    message = said(METRICS, rows)
    assert message.startswith("it: ")
    assert "2 rows break 'tokens >= 0'" in message
    assert "1 row breaks 'value lies in the range of its metric" in message
    assert "1 row repeats the key, such as run=f/c, step=1, tokens=1000000000.0, metric=loss" in message


def test_null_is_a_value_like_any_other_in_a_key() -> None:
    rows = pd.concat([rows_of_metrics(step=None, task=None)] * 3)
    assert "2 rows repeat the key, such as run=f/a, tokens=" in said(METRICS, rows)


def test_checks_across_columns() -> None:
    place = {"run": "f/a", "tokens": 1e9, "flops": 1e18}
    message = said(CHECKPOINTS, pd.DataFrame([place]))
    assert "tokens say who says so" in message
    assert "FLOPs say who says so" in message
    finished = pd.DataFrame([{"run": "f/a"}])  # neither steps nor tokens are known
    CHECKPOINTS.check("it", CHECKPOINTS.conform("it", finished))


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"family": "g"}, "a run belongs to its family by name"),
        ({"family": "F", "run": "F/a"}, "regexp_matches(family"),
        ({"params": 1e9}, "a run with params says what they count"),
        ({"params": 1e9, "params_basis": "total", "params_total": 2e9}, "params is the count that params_basis names"),
        ({"params": 1e9, "params_basis": "non-embedding"}, "params is the count that params_basis names"),
        ({"params": 1e9, "params_basis": "guess"}, "params_basis in ("),
        ({"params_total": 1e9, "params_non_embedding": 2e9}, "params_total is at least params_non_embedding"),
        ({"params_total": 1.5}, "params_total >= 1e3"),  # billions in a column of parameters
        ({"batch_tokens": 0.0}, "batch_tokens > 0"),
    ],
)
def test_promises_of_runs(changed: dict[str, object], broken: str) -> None:
    assert broken in said(RUNS, pd.DataFrame([{"run": "f/a", "family": "f", "source": "s"} | changed]))


numbers = st.one_of(st.none(), st.integers(0, 5))
places = st.lists(
    st.fixed_dictionaries(
        {"run": st.sampled_from(["f/a", "f/b", "g/a"]), "step": numbers, "tokens": numbers, "repeat": numbers}
    ),
    unique_by=lambda row: (row["run"], row["step"], row["tokens"], row["repeat"]),
    max_size=12,
)


def parquet(table: Table, rows: list[dict[str, object]]) -> bytes:
    frame = pd.DataFrame(rows, columns=["run", "step", "tokens", "repeat"])
    frame = frame.astype({"step": "Int64", "tokens": "float64", "repeat": "Int64"})
    buffer = io.BytesIO()
    pq.write_table(table.conform("it", frame), buffer)
    return buffer.getvalue()


@settings(deadline=None)
@given(places, st.randoms(use_true_random=False))
def test_the_same_rows_in_another_order_are_the_same_bytes(rows: list[dict[str, object]], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert parquet(METRICS, rows) == parquet(METRICS, shuffled)


@settings(deadline=None)
@given(places)
def test_a_key_is_reported_exactly_when_it_repeats(rows: list[dict[str, object]]) -> None:
    table = Table(
        key=("run", "step", "tokens", "repeat"), columns=("run", "step", "tokens", "repeat"), required=(), meaning=""
    )
    frame = pd.DataFrame(rows, columns=list(table.columns)).astype(
        {"step": "Int64", "tokens": "Float64", "repeat": "Int64"}
    )
    table.check("it", table.conform("it", frame))
    if rows:
        twice = pd.concat([frame, frame.iloc[:1]])
        with pytest.raises(BrokenTable, match="1 row repeats the key"):
            table.check("it", table.conform("it", twice))
