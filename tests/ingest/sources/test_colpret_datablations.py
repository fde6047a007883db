from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from scalebook.corpus.errors import BrokenSource
from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES, Tables

SOURCE = SOURCES["colpret-datablations"]
ROWS = {"sources": 1, "families": 16, "runs": 48, "checkpoints": 9261, "metrics": 9261 - 326}

LINES = """\
index,data,epochs,token_num,loss,num_params,model_args,tokens_per_epoch,flops,checkpoint
0,c4,44,104857600,6.9756693840026855,2.8B,{'tensorboard': 'w7Km'},1250000000.0,4.878044128417969e+23,https://a/b
1,c4,44,209715200,6.369149208068848,2.8B,{'tensorboard': 'w7Km'},1250000000.0,2.4390220642089844e+23,https://a/b
2,oscar,4,104857600,7.1547,8.7B,{'tensorboard': 'gzBU'},44500000000.0,1e+23,https://a/b
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/datablations_losses.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert "flops" not in tables["checkpoints"]  # the column goes down as the tokens go up
    runs = tables["runs"].set_index("run")
    assert list(runs.index) == ["datablations-c4-44ep/2.8b", "datablations-oscar-4ep/8.7b"]
    assert list(runs["params"]) == [2.8e9, 8.7e9]
    assert list(runs["epochs"]) == [44, 4]
    assert list(runs["unique_tokens"]) == [1.25e9, 44.5e9]  # of one pass, not of the whole training
    assert list(tables["metrics"]["task"]) == ["C4", "C4", "OSCAR"]  # a validation set of its own each


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 3552: 3550,c4,1,54999908352,2.5760576725006104,2.8B,...,55000000000.0,...
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 3552]
    assert [(m["run"], m["tokens"], m["value"]) for m in traced] == [
        ("datablations-c4-1ep/2.8b", 54999908352, 2.5760576725006104)
    ]


def test_readings_come_every_so_many_steps_of_the_batch(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    batch = {r["run"]: r["batch_tokens"] for r in tables["runs"].to_pylist()}
    steps = [c["tokens"] / batch[c["run"]] for c in tables["checkpoints"].to_pylist()]
    assert all(step == int(step) for step in steps)


def test_the_copied_curve_is_dropped_until_upstream_repairs_it(raw_sources: Path) -> None:
    folder = raw_sources / SOURCE.folder
    left = {m["run"] for m in read(SOURCE, folder)["metrics"].to_pylist()}
    assert "datablations-oscar-3ep/2.8b" not in left
    assert "datablations-oscar-4ep/2.8b" in left

    def repaired(raw: Path) -> Tables:
        made = SOURCE.tables(raw)
        wrong = made["metrics"]["run"] == "datablations-oscar-3ep/2.8b"
        made["metrics"].loc[wrong, "value"] -= 0.004
        return made

    with pytest.raises(BrokenSource, match="expects 326 rows"):
        read(dataclasses.replace(SOURCE, tables=repaired), folder)
