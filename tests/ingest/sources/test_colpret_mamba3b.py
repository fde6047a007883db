from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-mamba3b"]
ROWS = {"sources": 1, "families": 1, "runs": 1, "checkpoints": 44174, "metrics": 44174}

LINES = """\
step,loss,lr,grad_norm
4,21.783464431762695,3.75e-08,4.370036602020264
8,21.554725646972656,8.75e-08,4.335722923278809
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/llm360Mamba3B.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert list(tables["checkpoints"].columns) == ["run", "step", "learning_rate"]  # tokens are not invented
    assert list(tables["checkpoints"]["learning_rate"]) == [3.75e-08, 8.75e-08]
    assert list(tables["metrics"]["step"]) == [4, 8]
    assert set(tables["metrics"]["split"]) == {"train"}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 22001: 88000,1.029096245765686,7.59671601346e-05,0.0279045483242896
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 22001]
    assert [(m["step"], m["value"]) for m in traced] == [(88000, 1.029096245765686)]
    assert 7.59671601346e-05 in tables["checkpoints"]["learning_rate"].to_pylist()
