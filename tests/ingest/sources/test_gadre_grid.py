from __future__ import annotations

from pathlib import Path

import pytest

from scalebook.corpus.errors import BrokenSource
from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["gadre-grid"]
ROWS = {"sources": 1, "families": 1, "runs": 435, "checkpoints": 435, "metrics": 435}

LINES = """\
{
    "d=1024_l=12_h=16-64-0.003-0.033-64-5149020160-100-3e-05": 2.7364922364552817,
    "d=96_l=8_h=4-8-0.003-0.033-8-211386240-100-3e-05": 5.1537672996521
}
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "exp_data").mkdir()
    file = tmp_path / "exp_data/grid.json"
    file.write_text(LINES)
    made = SOURCE.tables(tmp_path)
    run = made["runs"].iloc[1]
    assert (run["width"], run["layers"], run["heads"], run["params"]) == (96, 8, 4, 10_569_312)
    assert "batch_tokens" not in run.index  # the number in the name is not said to be tokens or sequences
    assert list(made["metrics"]["line"]) == [2, 3]
    file.write_text(LINES.replace("d=96_l=8", "d=96-8"))
    with pytest.raises(BrokenSource, match="d=96-8"):
        SOURCE.tables(tmp_path)


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2: "d=1024_l=12_h=16-64-0.003-0.033-64-5149020160-100-3e-05": 2.7364922364552817,
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 2]
    assert [(m["run"], m["value"]) for m in traced] == [
        ("gadre-grid/d=1024_l=12_h=16-64-0.003-0.033-64-5149020160-100-3e-05", 2.7364922364552817)
    ]


def test_sizes_equal_the_count_from_the_shape(raw_sources: Path) -> None:
    for run in read(SOURCE, raw_sources / SOURCE.folder)["runs"].to_pylist():
        width, hidden = run["width"], 256 * ((8 * run["width"] // 3 + 255) // 256)
        counted = 2 * 50_432 * width + run["layers"] * (4 * width + 3 * hidden + 2) * width + width
        assert run["params_total"] == pytest.approx(counted, rel=1e-12 if width % run["heads"] == 0 else 4e-3)
