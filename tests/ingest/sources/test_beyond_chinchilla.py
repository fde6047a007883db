from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["beyond-chinchilla"]
ROWS = {"sources": 1, "families": 1, "runs": 47, "checkpoints": 47, "metrics": 376}

LINES = """\
Model Name,Parameters,Tokens/Params,Tokens,Batch Size,Smoothed Loss,eval_gauntlet/world_knowledge,\
eval_gauntlet/reading_comprehension,eval_gauntlet/language_understanding,eval_gauntlet/commonsense_reasoning,\
eval_gauntlet/symbolic_problem_solving,eval_gauntlet/core_average,mmlu_5_shot_avg
150M,151000000.0,10,1510000000.0,160.0,3.6832035779953000,0.0256,0.0635,0.0916,-0.0030,0.0245,0.0416,0.2440
1.3B,1260000000.0,250,315000000000.0,960.0,2.570774054527280,0.2710,0.1437,0.4670,0.1782,0.0324,0.2185,
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "trainingresults.csv").write_text(LINES)
    made = SOURCE.tables(tmp_path)
    assert list(made["runs"]["run"]) == ["beyond-chinchilla/150m-10", "beyond-chinchilla/1.3b-250"]
    metrics = made["metrics"]
    loss = metrics[(metrics["line"] == 2) & (metrics["metric"] == "loss")].iloc[0]
    assert (loss["value"], loss["split"], loss["how"], loss["tokens"]) == (
        3.6832035779953,
        "train",
        "extracted",
        1.51e9,
    )
    centred = metrics[(metrics["line"] == 2) & (metrics["task"] == "gauntlet commonsense reasoning")].iloc[0]
    assert (centred["metric"], centred["value"]) == ("centred_accuracy", -0.003)  # chance is 0
    assert list(metrics.loc[metrics["task"] == "mmlu", "shots"]) == [5]  # an empty cell is no value


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 13: 150M,151000000.0,10000,1510000000000.0,160.0,3.059956431388860,...
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 13 and m["metric"] == "loss"]
    assert [(m["run"], m["value"], m["tokens"]) for m in traced] == [
        ("beyond-chinchilla/150m-10000", 3.05995643138886, 1.51e12)
    ]
