from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.llm_line import BENCHMARKS, FILE, TEXTS

SOURCE = SOURCES["llm-line"]
ROWS = {"sources": 1, "families": 5, "runs": 25, "checkpoints": 82, "metrics": 3104}

PLACES = ["Name", "Architecture", "Size", "Pretraining Data", "Steps", "Tokenizer", "Tokens"]
ROWS_OF_THE_TABLE: tuple[dict[str, object], ...] = (
    {},  # the first row is empty
    {"Name": "EleutherAI/pythia-70m", "Size": 44670976, "Tokenizer": "gpt-neox", "Tokens": 299892736000},
    {"Name": "allenai/OLMo-1B", "C4 Validation Loss": 3.2},  # which checkpoint is not said
    {
        "Name": "HuggingFaceFW/ablation-model-c4",
        "Size": 1713670144,
        "Steps": 1000,
        "Tokenizer": "gpt2-HF",
        "Tokens": 2e9,
    },
    {"Name": "state-spaces/mamba2-2.7b", "Architecture": "Mamba2", "Size": 2702599680, "Tokens": 3e11},
)


def test_few_rows_of_the_real_format(tmp_path: Path) -> None:
    columns = [*PLACES, *(f"{t} Validation {m}" for t in TEXTS for m in ("Loss", "BPB"))]
    columns += [f"{b} {m}" for b in BENCHMARKS for m in ("Accuracy", "Loss", "BPB")]
    table = pd.DataFrame(list(ROWS_OF_THE_TABLE), columns=columns)
    table.loc[1, ["The Pile UC Validation Loss", "The Pile UC Validation BPB", "PIQA Loss"]] = [3.76, 0.647, 4.1]
    table.loc[3, "HellaSwag Accuracy"] = 0.278
    (tmp_path / "data").mkdir()
    table.to_csv(tmp_path / FILE, index=False)
    made = SOURCE.tables(tmp_path)
    found = made["metrics"][["run", "task", "metric", "value", "line"]].to_numpy().tolist()
    assert sorted(found) == [
        ["llm-line-fineweb-ablations/c4", "hellaswag", "accuracy", 0.278, 5],
        ["llm-line-pythia/pythia-70m", "pile", "bits_per_byte", 0.647, 3],
        ["llm-line-pythia/pythia-70m", "pile", "loss", 3.76, 3],
        ["llm-line-pythia/pythia-70m", "piqa", "answer_loss", 4.1, 3],
    ]
    runs = made["runs"].set_index("run")
    assert runs["params_basis"].to_dict() == {
        "llm-line-pythia/pythia-70m": "non-embedding+head",
        "llm-line-fineweb-ablations/c4": "non-embedding+head",
        "llm-line-mamba2/mamba2-2.7b": "total",
    }
    assert runs["architecture"]["llm-line-mamba2/mamba2-2.7b"] == "ssm"


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    metrics = tables["metrics"].to_pandas()
    # line 3: HuggingFaceFW/ablation-model-c4,Llama,1713670144,C4,,,,55000.0,gpt2-HF,...,115000000000,...
    line = metrics[metrics["line"] == 3].set_index("key")
    assert line["value"]["C4 Validation Loss"] == 3.2438237488181274
    assert line["value"]["OpenBookQA BPB"] == 1.4051309677472972
    assert set(zip(line["run"], line["step"], line["tokens"], strict=True)) == {
        ("llm-line-fineweb-ablations/c4", 55000, 115e9)
    }
    # the finished ablations: 350 B tokens, and none for the one that repeats another row
    last = metrics[metrics["run"].str.contains("ablations") & metrics["step"].isna()]
    assert set(last["run"].str.split("/").str[1]) == {"c4", "the-pile"}
    assert set(last["tokens"].round()) == {350e9}
