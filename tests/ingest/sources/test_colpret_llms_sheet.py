from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-llms-sheet"]
ROWS = {"sources": 1, "families": 2, "runs": 24, "checkpoints": 86, "metrics": 1689}

SHEET = """\
Model,Params,Effective Params,Corpus,Inference time,Tokenizer,wikitext,,hellaswag,,lambada_openai,
,,,,,,ppl,bpb,acc,acc_norm,ppl,acc
Random,,,,,,,,25,25,,0
Pythia,1.4B,1.4B,Pile,,,14.7181,0.7255,40.41,52.02,6.0749,61.67
LLAMA,7B,,1T,,,9.4201,0.6051,56.96,76.19,3.4881,73.51
,,,,,,,,,,,
,,,64B,,GPT2,18.6648,0.7896,34.52,41.48,,
ST-k2,4B,,Pile,,GPT2,15.1979,0.7341,38.34,47.74,8.7042,54.22
,,,,,,,,,,,
gmm,4B,350M,70B,,,18.9113,0.7931,34.84,42.39,13.5541,45.26
,,,89B,,,18.2796,0.784,35.31,43.19,12.1324,47.72
"""
PART = "Model,data\ngmm,Pile\n"


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "raw_data").mkdir()
    (tmp_path / "aggregated_eval/LLMs - 0-shot.csv").write_text(SHEET)
    (tmp_path / "raw_data/IBM_MoE.csv").write_text(PART)
    tables = SOURCE.tables(tmp_path)
    places = tables["checkpoints"].set_index("run")["tokens"]
    assert places["ibm-moe/st-k2-gpt2"] == 64e9  # named by the last row of its block, which has no tokens
    assert list(places["ibm-moe/gmm"]) == [70e9, 89e9]  # named by the first row
    assert places["ibm-moe-baselines/llama-7b"] == 1e12
    runs = tables["runs"].set_index("run")
    assert list(runs.loc["ibm-moe/gmm", ["params", "params_active", "data"]]) == [4e9, 350e6, "Pile"]
    assert "ibm-moe-baselines/llama-7b" not in runs["data"].dropna()  # its neighbour's corpus is not its own
    metrics = tables["metrics"].set_index(["run", "tokens", "task", "metric"])["value"]
    assert metrics["ibm-moe/gmm", 70e9, "wikitext", "word_perplexity"] == 18.9113  # per word, not per token
    assert metrics["ibm-moe/gmm", 70e9, "lambada_openai", "target_perplexity"] == 13.5541
    assert metrics["ibm-moe/gmm", 70e9, "hellaswag", "accuracy"] == pytest.approx(0.3484)
    assert not tables["runs"]["recipe"].eq("Random").any()


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 115: ,,,375B,,,13.2078,0.6963,48.99,64.03,76.22,... of the block of obsidian-17B
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 115 and m["task"] == "wikitext"]
    assert {(m["run"], m["tokens"]) for m in traced} == {("ibm-moe/obsidian-17b", 375e9)}
    assert {m["metric"]: m["value"] for m in traced} == {"word_perplexity": 13.2078, "bits_per_byte": 0.6963}


def test_the_other_file_says_the_same(raw_sources: Path) -> None:
    """Every row of IBM_MoE.csv with tokens is a row of the sheet, of the model that we gave it."""
    part = pd.read_csv(raw_sources / SOURCE.folder / "raw_data/IBM_MoE.csv").dropna(subset="hellaswag acc")
    part = part[part["tokens_seen"].str.endswith("B")]
    metrics = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas()
    ours = metrics[(metrics["task"] == "hellaswag") & (metrics["metric"] == "accuracy")]
    model = ours["run"].str.split("/").str[1].str.replace(r"^(st-k2|st-h1)-.*", r"\1", regex=True)
    have = set(zip(model, ours["tokens"] / 1e9, (ours["value"] * 100).round(2), strict=True))
    tokens = part["tokens_seen"].str[:-1].astype(float)
    want = set(zip(part["Model"].str.lower(), tokens, part["hellaswag acc"].astype(float), strict=True))
    assert want <= have
