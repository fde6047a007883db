from __future__ import annotations

import json
from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["lumiopen-poro"]
ROWS = {"sources": 1, "families": 3, "runs": 9, "checkpoints": 21, "metrics": 3214}

STEP = "poro-34b/step238418"
FILES: dict[str, object] = {
    f"{STEP}/squad2.json": {
        "results": {"squad2": {"exact": 20.0, "f1": 25.0, "HasAns_f1": 50.0, "best_exact": 75.0}},
        "config": {"num_fewshot": 0},
    },
    f"{STEP}/humaneval_pass@1.json": {"humaneval": {"pass@1": 0.25}, "config": {"n_samples": 1}},
    f"{STEP}/humaneval_pass@10.json": {"humaneval": {"pass@1": 0.125, "pass@10": 0.5}, "config": {"n_samples": 10}},
    f"{STEP}/belebele_fin.json": {
        "results": {"belebele_fin_Latn": {"acc,none": 0.5, "acc_stderr,none": 0.0625, "alias": "belebele_fin_Latn"}},
        "n-shot": {"belebele_fin_Latn": 5},
        "config": {"model": "hf"},
    },
    "TurkuNLP/gpt3-finnish-3B/finbench_3shot.json": {
        "results": {"bigbench_analogies": {"multiple_choice_grade": 0.75, "multiple_choice_grade_stderr": 0.125}},
        "config": {"num_fewshot": 3},
    },
}


def test_small_files_of_the_real_formats(tmp_path: Path) -> None:
    for file, content in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(json.dumps(content))
    metrics = SOURCE.tables(tmp_path)["metrics"].fillna({"shots": -1, "stderr": -1})
    poro = metrics[metrics["run"] == "poro/34b"][["task", "metric", "shots", "repeat", "value", "stderr"]]
    assert sorted(poro.to_numpy().tolist()) == [
        ["belebele_fin_Latn", "accuracy", 5, 0, 0.5, 0.0625],  # examples per task, not per file
        ["humaneval", "pass_at_1", -1, 0, 0.25, -1],
        ["humaneval", "pass_at_1", -1, 1, 0.125, -1],
        ["humaneval", "pass_at_10", -1, 0, 0.5, -1],
        ["squad2", "exact_match", 0, 0, 0.2, -1],  # percent
        ["squad2", "f1", 0, 0, 0.25, -1],
        ["squad2/best threshold", "exact_match", 0, 0, 0.75, -1],
        ["squad2/has answer", "f1", 0, 0, 0.5, -1],
    ]
    assert set(metrics["tokens"]) == {238418 * 4194304, 300e9}
    fingpt = metrics[metrics["run"] == "fingpt/3b"][["metric", "value", "stderr", "shots"]]
    assert fingpt.to_numpy().tolist() == [["accuracy", 0.75, 0.125, 3]]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # poro-34b/step238418/triviaqa.json: em 0.4461658493089612, em_stderr 0.003710996117199663
    traced = [m for m in tables["metrics"].to_pylist() if m["file"] == f"{STEP}/triviaqa.json"]
    assert [(m["run"], m["step"], m["metric"], m["value"], m["stderr"]) for m in traced] == [
        ("poro/34b", 238418, "exact_match", 0.4461658493089612, 0.003710996117199663)
    ]
