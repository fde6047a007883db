from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-k2"]
ROWS = {"sources": 1, "families": 1, "runs": 1, "checkpoints": 10000, "metrics": 10000}
FILE = "raw_data/lm360/K2/wandb_export_2024-06-21T08_59_51.273-04_00.csv"

LINES = """\
"Step","training spikes - lm loss","training spikes - lm loss__MIN","k2 training - lm loss","k2 training - lm loss__MIN"
"2040","12.009223937988281","12.009223937988281","",""
"179520","","","7.304170131683350","7.304170131683350"
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert list(tables["metrics"]["value"]) == [7.304170131683350]  # the spike belongs to another run
    assert list(tables["metrics"]["step"]) == [88]  # 179,520 sequences
    assert "tokens" not in tables["checkpoints"]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 10407: "495195720","","","","1.4785470962524414",...
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 10407]
    assert [(m["step"], m["value"]) for m in traced] == [(242743, 1.4785470962524414)]


def test_steps_count_sequences(raw_sources: Path) -> None:
    steps = pd.read_csv(raw_sources / SOURCE.folder / FILE)["Step"]
    assert (steps % 2040 == 0).all()
    assert (steps.diff().dropna() / 2040).min() == 1  # and no larger unit will do
