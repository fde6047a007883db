from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-revisiting"]
ROWS = {"sources": 1, "families": 1, "runs": 5, "checkpoints": 229, "metrics": 229}

LINES = """\
Domain,Task,Model,Seen Examples,Loss,Training
NMT,log_perplexity,"6 Enc, 6 Dec",500000.0,0.9311752923076924,1
LM,val_loss,1.07e+09,2621440000.0,0.999,1
LM,val_loss,1.07e+09,5242880000.0,0.9575,1
LM,val_loss,1.07e+09,2621440000.0,0.999,1
BB,"('date', '1-shot')",262M,2621440000.0,0.848238,1
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/revisiting_lang.csv").write_text(LINES)
    metrics = SOURCE.tables(tmp_path)["metrics"]
    assert list(metrics["line"]) == [3, 4]  # neither translation nor BIG-bench nor the repeated row
    assert set(metrics["metric"]) == {"relative_loss"}  # .96 nats per token it is not
    assert set(metrics["run"]) == {"lamda-lm/1.07b"}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 888: LM,val_loss,1.07e+09,5242880000.0,0.9575408421944839,1
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 888]
    assert [m["value"] for m in traced] == [0.9575408421944839]
    assert [(m["run"], m["tokens"]) for m in traced] == [("lamda-lm/1.07b", 5242880000.0)]


def test_every_run_starts_at_the_same_relative_loss(raw_sources: Path) -> None:
    metrics = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas().sort_values("tokens")
    assert metrics.groupby("run")["value"].first().round(3).eq(0.999).all()
    assert metrics.groupby("run")["tokens"].first().eq(2621440000.0).all()
