from __future__ import annotations

import duckdb
import pytest

from scalebook.corpus.columns import COLUMNS, VIEW_COLUMNS, Column, one_of
from scalebook.corpus.database import VIEW_NAMES, open_corpus
from scalebook.corpus.metric_names import METRICS
from scalebook.corpus.tables import TABLES


def test_every_column_of_a_table_is_defined_and_every_definition_is_used() -> None:
    used = {c for table in TABLES.values() for c in table.columns}
    assert used == set(COLUMNS)


def test_every_column_of_a_view_is_defined() -> None:
    with open_corpus() as corpus:
        for view in VIEW_NAMES:
            assert {name for name, _ in corpus.columns(view)} <= set(COLUMNS) | set(VIEW_COLUMNS), view


@pytest.mark.parametrize("name", COLUMNS)
def test_a_definition_is_a_type_a_sentence_and_a_condition_on_that_column(name: str) -> None:
    column: Column = COLUMNS[name]
    with duckdb.connect() as connection:
        connection.execute(f'create table t ("{name}" {column.type})')
        if column.check:
            connection.execute(f"select * from t where {column.check}")
            assert connection.execute(
                f'select {column.check} from (select null::{column.type} as "{name}")'
            ).fetchall() == [(None,)]  # null is no value, so it breaks nothing
    assert column.meaning.endswith(".")


def test_one_of_quotes_each_word() -> None:
    assert one_of("how", "a", "b c") == "how in ('a', 'b c')"


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_a_range_a_direction_and_a_sentence(name: str) -> None:
    metric = METRICS[name]
    assert metric.low < metric.high
    assert metric.better in ("lower", "higher")
    assert metric.meaning.endswith(".")
    assert metric.unit


def test_a_perplexity_is_never_in_nats_and_a_language_models_loss_always_is() -> None:
    for name, metric in METRICS.items():
        assert ("perplexity" in name) == metric.unit.startswith("perplexity/"), name
    assert METRICS["loss"].unit == METRICS["span_loss"].unit == "nats/token"
