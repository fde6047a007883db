from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.modded_nanogpt import AGAIN

SOURCE = SOURCES["modded-nanogpt"]
ROWS = {"sources": 1, "families": 3, "runs": 1478, "checkpoints": 27506, "metrics": 27506}

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")
RUNS = f"""\
run_id,track,record,log_path,log_format,n_evals,last_step,last_val_loss,seed_from_path,log_sha256,duplicate_of
0,track_1_short,2026-01-01_X,records/track_1_short/2026-01-01_X/{A}.txt,step_val,2,100,3.27,,aa,
1,track_1_short,2026-01-01_X,records/track_1_short/2026-01-01_X/{B}.txt,step_val,1,100,3.28,,bb,
2,track_1_short,2026-01-01_X,records/track_1_short/2026-01-01_X/baseline_{C}.txt,step_val,1,100,3.28,,cc,
3,track_1_short,2026-01-02_Y,records/track_1_short/2026-01-02_Y/{A}.txt,step_val,1,100,3.27,,aa,records/track_1_short/x
4,track_3_optimization,20260506_t/seed_0,records/track_3_optimization/results/20260506_t/seed_0/stdout.txt,step_val,1,9,4.1,0.0,dd,
5,track_3_optimization,20260506_t/seed_1,records/track_3_optimization/results/20260506_t/seed_1/stdout.txt,step_val,1,9,4.2,1.0,ee,
6,track_3_optimization,20260506_t/seed_1,records/track_3_optimization/results/20260506_t/seed_1/final_val_loss.txt,step_val,1,9,4.2,1.0,ff,
7,track_1_short,2024-10-29_Optimizers,records/track_1_short/2024-10-29_Optimizers/{A}.txt,step_val,1,9,3.2,,gg,
8,track_1_short,2024-10-29_Optimizers,records/track_1_short/2024-10-29_Optimizers/{B}.txt,s_tel,1,9,3.4,,hh,
"""
LOSSES = """\
run_id,step,total_steps,val_loss,train_time_s
0,0,100.0,10.8258,0.0
0,100,100.0,3.27,65.5
1,100,100.0,3.28,65.6
2,100,100.0,3.28,65.6
3,100,100.0,3.27,65.5
4,9,20.0,4.1,7.0
5,9,20.0,4.2,7.0
6,9,20.0,4.2,7.0
7,9,9.0,3.2,7.0
8,9,,3.4,
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(RUNS)
    (tmp_path / "val_loss.csv").write_text(LOSSES)
    tables = SOURCE.tables(tmp_path)
    runs = tables["runs"].set_index("run")
    short, optimizers = "modded-nanogpt-short", "modded-nanogpt-optimizers"
    # the byte-identical log (3) and the summary of a log that is there (6) are no runs
    assert list(runs.index) == [f"{short}/{i}" for i in (0, 1, 2)] + [f"{optimizers}/{i}" for i in (4, 5)] + [
        f"{short}/{i}" for i in (7, 8)
    ]
    groups = runs["replicate_group"]
    assert groups[f"{short}/0"] == groups[f"{short}/1"] == "2026-01-01_X/100"
    assert groups[f"{optimizers}/4"] == groups[f"{optimizers}/5"] == "20260506_t/9"  # seeds in folders of their own
    assert groups[[f"{short}/2", f"{short}/7", f"{short}/8"]].isna().all()  # one alone, and variants under one name
    assert list(runs.loc[f"{optimizers}/5", ["seed", "params", "planned_tokens"]]) == [1, 124e6, 20 * 524_288]
    assert runs.loc[f"{short}/0", ["seed", "params", "planned_tokens"]].isna().all()  # not stated: null
    metrics = tables["metrics"].set_index("line")
    assert list(metrics.loc[3, ["run", "step", "value"]]) == [f"{short}/0", 100, 3.27]
    assert metrics["tokens"].isna()[3]  # batch unknown on this track
    assert metrics.loc[7, "tokens"] == 9 * 524_288
    assert len(metrics) == 8
    assert set(metrics["metric"]) == {"loss"}  # times are not kept


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 28492 of val_loss.csv: 1521,3375,3375.0,3.27675,...; run 1521 is a log of its own in track 3
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 28492]
    assert [(m["run"], m["step"], m["value"]) for m in traced] == [("modded-nanogpt-optimizers/1521", 3375, 3.27675)]
    assert traced[0]["tokens"] == 3375 * 524_288


def test_a_log_left_out_says_nothing_that_another_does_not(raw_sources: Path) -> None:
    runs = pd.read_csv(raw_sources / SOURCE.folder / "runs.csv")
    losses = pd.read_csv(raw_sources / SOURCE.folder / "val_loss.csv").groupby("run_id")
    said = {run: set(zip(rows["step"], rows["val_loss"], strict=True)) for run, rows in losses}
    alone = runs[runs["duplicate_of"].isna()]
    again = alone["log_path"].str.contains(AGAIN)
    assert again.sum() == 19
    for run in alone.loc[again, "run_id"]:
        assert any(said[run] <= said[other] for other in alone.loc[~again, "run_id"]), run


def test_repeats_of_one_recipe_end_close_together(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    runs = tables["runs"].to_pandas().set_index("run")
    last = tables["metrics"].to_pandas().sort_values("step").groupby("run")["value"].last()
    spread = last.groupby(runs["replicate_group"]).agg(["size", "std"])
    assert (spread["size"] >= 5).sum() > 100
    assert spread["std"].median() < 0.0015
    assert spread["std"].max() < 0.005
