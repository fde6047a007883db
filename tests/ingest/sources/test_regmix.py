from __future__ import annotations

from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.regmix import FILES

SOURCE = SOURCES["regmix"]
ROWS = {"sources": 1, "families": 3, "runs": 1088, "checkpoints": 1088, "metrics": 14144}

MIXTURES = """\
index,train_the_pile_arxiv,train_the_pile_freelaw,train_the_pile_pile_cc
8,0.0,0.0,1.0
1,0.08,0.0,0.92
"""
LOSSES = """\
index,metric/the_pile_arxiv_val_loss,metric/the_pile_pile_cc_val_loss
1,4.41,5.32
8,6.5,5.1
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for _, _, mixtures, losses in FILES:
        (tmp_path / mixtures).write_text(MIXTURES)
        (tmp_path / losses).write_text(LOSSES)
    made = SOURCE.tables(tmp_path)
    runs = made["runs"].set_index("run")
    # joined on the index, not on the place in the file
    assert runs["data"]["regmix-1m/test-8"] == "pile_cc 1"
    assert runs["data"]["regmix-60m/test-1"] == "arxiv 0.08, pile_cc 0.92"
    values = made["metrics"].query("task == 'pile_pile_cc'").set_index("run")
    assert values["value"]["regmix-1m/test-8"] == 5.1
    assert values["line"]["regmix-1m/test-8"] == 3
    assert values["tokens"]["regmix-1b/test-1b-1"] == 25e9


def test_names_of_sizes_leave_out_the_embeddings(tmp_path: Path) -> None:
    test_few_lines_of_the_real_format(tmp_path)
    runs = SOURCE.tables(tmp_path)["runs"].groupby("family")[["params", "params_total"]].first()
    assert runs["params"].to_list() == pytest.approx([1.13e9, 1.31e6, 59e6], rel=0.01)  # 1B, 1M, 60M
    assert runs["params_total"]["regmix-1m"] > 20 * runs["params"]["regmix-1m"]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2 of test_pile_loss_1B.csv: 0,1.772475243,1.929630041,..., the fourth being wikipedia_en 2.464135885
    traced = [
        m
        for m in tables["metrics"].to_pylist()
        if m["file"] == "data/test_pile_loss_1B.csv" and m["line"] == 2 and m["task"] == "pile_wikipedia_en"
    ]
    assert [(m["run"], m["value"], m["tokens"]) for m in traced] == [("regmix-1b/test-1b-0", 2.464135885, 25e9)]
    # the same mixtures at two sizes, row by row
    data = {r["run"]: r["data"] for r in tables["runs"].to_pylist()}
    assert all(data[f"regmix-1m/test-{i}"] == data[f"regmix-60m/test-{i}"] for i in range(1, 257))
