"""Published laws of mixtures of experts: golden counts, values, and numbers that the papers print twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scalebook.corpus.database import open_corpus
from scalebook.ingest.sources.published_moe import SOURCE


@pytest.fixture(scope="module")
def laws() -> pd.DataFrame:
    return SOURCE.tables(Path("."))["published_laws"]


def test_counts(laws: pd.DataFrame) -> None:
    assert laws["law_id"].value_counts().to_dict() == {
        "krajewski2024-e64": 13,
        "krajewski2024-e16": 13,
        "ludziejewski2025-joint": 13,
        "clark2022-s-base": 6,
        "clark2022-rl-r": 6,
        "clark2022-hash": 6,
        "krajewski2024-dense": 5,
    }
    assert not laws.duplicated(["law_id", "coefficient"]).any()
    assert set(laws["verified"]) == {"read in primary text", "secondary"}
    assert (laws["verified"] == "secondary").sum() == 18, "only those of Clark et al. were not read in the paper"
    assert laws["note"].str.contains("table|appendix|section").all(), "every number has its place"


def test_values_as_printed(laws: pd.DataFrame) -> None:
    value = laws.set_index(["law_id", "coefficient"])["value"]
    assert (value["krajewski2024-e64", "alpha"], value["krajewski2024-e64", "beta"]) == (0.115, 0.147)
    assert (value["ludziejewski2025-joint", "E_max"], value["clark2022-s-base", "E_max"]) == (290.4521, 314.478)


def test_the_router_is_counted_operation_by_operation(laws: pd.DataFrame) -> None:
    """Appendix E: two operations each; a backward pass has two for every one of the forward pass, but two routings."""
    value = laws.set_index(["law_id", "coefficient"])["value"]["krajewski2024-e64"]
    logits, into, out = 2, 2, 2
    assert value["c_r_forward"] == logits + into + out
    assert value["c_r"] == 3 * logits + 2 * into + 2 * out
    assert value["c_f"] == 3 * value["c_f_forward"]


def test_the_corpus_holds_them(laws: pd.DataFrame) -> None:
    with open_corpus(own_runs=False) as corpus:
        rows = corpus.rows("select law_id, coefficient, value from published_laws where source = 'published-moe'")
    assert {(law, name): value for law, name, value in rows} == laws.set_index(["law_id", "coefficient"])[
        "value"
    ].to_dict()
