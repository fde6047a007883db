from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-datablations-code"]
ROWS = {"sources": 1, "families": 1, "runs": 9, "checkpoints": 148, "metrics": 296}

LINES = """\
index,data,epochs,token_num,loss,num_params,model_args,tokens_per_epoch,flops,checkpoint,Seed
0,c4,10,5242880000,3.576049805,4.2B,{'tensorboard': 'LgjV'},85B,3.3645629882812496e+22,https://a/b,1
17,c4,10,5242880000,0.769828,4.2B,{'tensorboard': 'LgjV'},85B,3.3645629882812496e+22,https://a/b,2
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/datablations_code_losses.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert list(tables["runs"]["run"]) == ["datablations-code/c4-10"]  # one run, two validation sets
    assert list(tables["runs"]["data"]) == ["C4 10%, Python 90%"]
    assert list(tables["runs"]["epochs"]) == [1]  # the column called epochs holds percent
    assert "seed" not in tables["runs"]
    assert list(tables["metrics"]["task"]) == ["C4", "Python"]
    assert len(tables["checkpoints"]) == 1


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 297: 295,c4,90,83999326208,0.7064288258552551,4.2B,{'tensorboard': 'LSaBOyI3QqqVb39WVZ3Piw'},85B,...,2
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 297]
    assert [(m["run"], m["task"], m["tokens"]) for m in traced] == [("datablations-code/c4-90", "Python", 83999326208)]
    assert traced[0]["value"] == 0.7064288258552551


def test_what_is_called_a_seed_is_a_validation_set(raw_sources: Path) -> None:
    """More C4 in the mixture, a lower loss on C4 and a higher one on Python: no seed does that."""
    rows = pd.read_csv(raw_sources / SOURCE.folder / "aggregated_eval/datablations_code_losses.csv")
    assert (rows.groupby("model_args")["Seed"].nunique() == 2).all()  # one tensorboard, both
    last = rows[rows["token_num"] == rows["token_num"].max()].pivot_table(index="epochs", columns="Seed", values="loss")
    assert last[1].is_monotonic_decreasing
    assert last[2].is_monotonic_increasing
