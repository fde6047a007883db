from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.tinyllama import FILE

SOURCE = SOURCES["tinyllama"]
ROWS = {"sources": 1, "families": 3, "runs": 6, "checkpoints": 12, "metrics": 112}

LINES = """\
Base models:

| Model                                     | Pretrain Tokens | HellaSwag | boolq | avg |
|-------------------------------------------|-----------------|-----------|-------|-----|
| Pythia-1.0B                               |        300B     | 47.16     | 60.83 | 48.30 |
| TinyLlama-1.1B-intermediate-step-715k-1.5T |     1.5T     | 53.68     | 59.08 | 51.29 |

| Model                                     | Pretrain Tokens | HellaSwag | boolq | avg |
|-------------------------------------------|-----------------|-----------|-------|-----|
| [TinyLlama-1.1B-Chat-v0.4](https://huggingface.co/x) |   1.5T       | 58.59     |57.31 | 52.30 |

| Model                                             | MMLU  | HumanEval |
| ------------------------------------------------- | ----- | --------- |
| Pythia-1.0B                                       | 25.70 | 1.83      |
| TinyLlama-1.1B-intermediate-step-715k-1.5T        | 24.85 | 7.93      |
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(LINES)
    made = SOURCE.tables(tmp_path)
    found = made["metrics"].fillna({"step": -1})
    base = found[found["run"] == "tinyllama/1.1b"][["line", "step", "tokens", "task", "metric"]]
    assert base.to_numpy().tolist() == [
        [6, 715000, 1.5e12, "hellaswag", "accuracy_norm"],
        [6, 715000, 1.5e12, "boolq", "accuracy"],
        [15, 715000, 1.5e12, "mmlu", "accuracy"],  # its table has no tokens
        [15, 715000, 1.5e12, "humaneval", "pass_at_1"],
    ]
    assert found["value"].round(4).to_list() == [
        0.4716,
        0.6083,
        0.5368,
        0.5908,
        0.5859,
        0.5731,
        0.257,
        0.0183,
        0.2485,
        0.0793,
    ]
    assert set(found["tokens"]) == {300e9, 1.5e12}
    parents = made["runs"].set_index("run")["parent_run"].dropna()
    assert parents.to_dict() == {"tinyllama-chat/v0.4": "tinyllama/1.1b"}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 13: | TinyLlama-1.1B-intermediate-step-240k-503b|        503B     | 49.56     |31.40 |55.80 ...
    traced = {m["key"]: m for m in tables["metrics"].to_pylist() if m["line"] == 13}
    assert traced["Obqa"]["value"] == 31.40 / 100
    assert (traced["Obqa"]["run"], traced["Obqa"]["step"], traced["Obqa"]["tokens"]) == (
        "tinyllama/1.1b",
        240000,
        503e9,
    )
