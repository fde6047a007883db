from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.colpret_datablations_contour import NAME, amounts

SOURCE = SOURCES["colpret-datablations-contour"]
ROWS = {"sources": 1, "families": 1, "runs": 229, "checkpoints": 229, "metrics": 229}

LINES = """\
index,data,epochs,token_num,openLM_loss,num_params,model_args,tokens_per_epoch,flops,checkpoint
0,c4,1.0,4000000000.0,3.265024,2810000000.0,{'name': '2b84b4b'},1500000000.0,6.744e+19,still missing?
77,c4,27.0,2700000000.0,4.09782,1096300000.0,{'name': '1b12b7100m'},1500000000.0,1.776e+19,still missing?
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/datablations_contour_losses.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert list(tables["runs"]["unique_tokens"]) == [4e9, 1e8]  # from the name, not the constant column
    assert list(tables["checkpoints"]["tokens_basis"]) == ["planned", "planned"]
    assert "flops" not in tables["checkpoints"]  # 6 N D is not a statement of the source
    assert list(tables["metrics"]["value"]) == [3.265024, 4.09782]


@pytest.mark.parametrize(
    ("name", "params", "tokens", "unique"),
    [
        ("2b84b4b", 2.8e9, 4e9, 4e9),
        ("1b12b7100m", 1.1e9, 2.7e9, 1e8),
        ("8b7178b25b", 8.7e9, 178e9, 25e9),
        ("1b11b51b5", 1.1e9, 1.5e9, 1.5e9),
        ("2b855b1b25", 2.8e9, 55e9, 1.25e9),
        ("14m7b5100m", 14e6, 7.5e9, 1e8),
        ("1b1100m100m", 1.1e9, 1e8, 1e8),
    ],
)
def test_a_name_is_three_numbers(name: str, params: float, tokens: float, unique: float) -> None:
    parts = pd.Series([name]).str.extract(NAME)
    assert [amounts(parts[c])[0] for c in ("params", "tokens", "unique")] == [params, tokens, unique]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 16: 14,c4,1.0,55000000000.0,2.574117,2810000000.0,{'name': '2b855b55b'},...
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 16]
    assert [(m["run"], m["tokens"], m["value"]) for m in traced] == [("datablations-contour/2b855b55b", 55e9, 2.574117)]


def test_names_agree_with_the_columns_once_corrected(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    runs = tables["runs"].to_pandas()
    parts = runs["recipe"].str.extract(NAME)
    assert amounts(parts["tokens"]).tolist() == pytest.approx(runs["planned_tokens"].tolist())
    assert (runs["epochs"] * runs["unique_tokens"]).tolist() == pytest.approx(runs["planned_tokens"].tolist(), rel=1e-6)
    wrong = [c["tokens"] for c in tables["checkpoints"].to_pylist() if c["run"].endswith("/2b855b1b25")]
    assert wrong == pytest.approx([55e9])
