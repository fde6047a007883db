from __future__ import annotations

import json
from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["stablelm-evals"]
ROWS = {"sources": 1, "families": 2, "runs": 30, "checkpoints": 30, "metrics": 766}

LAMBADA = {"lambada_openai": {"ppl": 6.5, "ppl_stderr": 0.25, "acc": 0.5, "acc_stderr": 0.0625}}
FILES = {
    "evals/external/bigscience-bloom-7b1.json": (LAMBADA, 0),
    "evals/external/Qwen-Qwen-7B.json": (LAMBADA, 0),
    "evals/external/Qwen-Qwen-7B-Chat.json": (LAMBADA, 0),
    "evals/stablelm-3b-4e1t.json": (LAMBADA, 0),
    "evals/open_llm_leaderboard/stablelm-beta-3b-v2-truthfulqa_mc.json": ({"truthfulqa_mc": {"mc1": 0.25}}, 0),
}


def test_small_files_of_the_real_format(tmp_path: Path) -> None:
    for file, (results, shots) in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(json.dumps({"results": results, "config": {"num_fewshot": shots}}))
    made = SOURCE.tables(tmp_path)
    found = made["metrics"][["run", "metric", "value", "key"]].to_numpy().tolist()
    assert ["stablelm/3b-4e1t", "target_perplexity", 6.5, "results.lambada_openai.ppl"] in found  # no loss
    assert ["stablelm/beta-3b-v2", "mc1", 0.25, "results.truthfulqa_mc.mc1"] in found
    assert len(found) == 9
    runs = made["runs"].set_index("run")
    assert runs["params"]["stablelm-external/bloom-7b1"] == 7.1e9
    assert runs["parent_run"].dropna().to_dict() == {"stablelm-external/qwen-7b-chat": "stablelm-external/qwen-7b"}
    tokens = made["checkpoints"].set_index("run")["tokens"].dropna()
    assert tokens.to_dict() == {"stablelm/3b-4e1t": 4e12}  # of the others the source says nothing


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # evals/external/EleutherAI-pythia-2.8b-deduped.json: lambada_openai: ppl 5.00138268807375, ppl_stderr 0.118...
    file = "evals/external/EleutherAI-pythia-2.8b-deduped.json"
    traced = [
        m for m in tables["metrics"].to_pylist() if m["file"] == file and m["key"] == "results.lambada_openai.ppl"
    ]
    assert [(m["run"], m["metric"], m["value"], m["stderr"]) for m in traced] == [
        ("stablelm-external/pythia-2.8b-deduped", "target_perplexity", 5.00138268807375, 0.11803810628354432)
    ]
