from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-bigbench"]
ROWS = {"sources": 1, "families": 1, "runs": 1, "checkpoints": 43, "metrics": 430}

LINES = """\
Domain,Task,Model,Seen Examples,Loss,Training
NMT,log_perplexity,"6 Enc, 6 Dec",500000.0,0.931175,1
BB,"('date', '1-shot')",262M,2621440000.0,0.848238,1
BB,"('unit', '2-shot')",262M,2621440000.0,0.580469,1
LM,val_loss,2.62e+08,1e9,0.999,1
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/revisiting_lang.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    metrics = tables["metrics"].set_index("line")
    assert list(metrics.index) == [3, 4]  # rows of other experiments are not read
    assert list(metrics.loc[4, ["task", "shots", "value", "tokens"]]) == [
        "bigbench_unit_conversion",
        2,
        0.580469,
        2621440000,
    ]
    assert set(metrics["metric"]) == {"error_rate"}  # whatever the column is called
    assert len(tables["checkpoints"]) == 1


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 1070: BB,"('ling', '1-shot')",262M,54416631995.0,0.9381641968492491,1
    [traced] = [m for m in tables["metrics"].to_pylist() if m["line"] == 1070]
    assert (traced["task"], traced["shots"]) == ("bigbench_linguistic_mappings", 1)
    assert (traced["tokens"], traced["value"]) == (54416631995.0, 0.9381641968492491)


def test_date_understanding_counts_wrong_answers_out_of_369(raw_sources: Path) -> None:
    rows = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas()
    first = rows[(rows["task"] == "bigbench_date_understanding") & (rows["tokens"] == rows["tokens"].min())]
    wrong = first["value"] * 369
    assert (wrong - wrong.round()).abs().max() < 1e-3


def test_errors_rise_only_between_the_two_parts(raw_sources: Path) -> None:
    rows = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas().sort_values("tokens")
    rises = rows.groupby(["task", "shots"])["value"].apply(lambda v: (v.diff() > 1e-12).sum())
    assert rises.max() <= 1
