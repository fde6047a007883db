from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-gpt3"]
ROWS = {"sources": 1, "families": 1, "runs": 8, "checkpoints": 6417, "metrics": 12097}

LINES = """\
model,step,train_loss,val_loss
small,11.667580,3.479040,
small,12.052586,3.483371,
small,12.052586,3.479035,
175b,299.075045,,1.780000
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "raw_data/gpt3").mkdir(parents=True)
    (tmp_path / "raw_data/gpt3/extracted.csv").write_text(LINES)
    metrics = SOURCE.tables(tmp_path)["metrics"].set_index("line")
    assert metrics.loc[2, "tokens"] == 11.667580e9  # the axis is in billions
    assert list(metrics.loc[[3, 4], "repeat"]) == [0, 1]  # two readings at one place are told apart
    assert list(metrics.loc[5, ["run", "split", "value"]]) == ["gpt3/175b", "validation", 1.78]
    assert len(metrics) == 4  # the empty cell of each line is no value


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2 of extracted.csv: small,11.66757962,3.479039818,
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 2]
    assert [m["run"] for m in traced] == ["gpt3/small"]
    assert traced[0]["value"] == 3.479039818
    assert traced[0]["tokens"] == 11.66757962e9
