from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["compression-bpc"]
ROWS = {"sources": 1, "families": 10, "runs": 31, "checkpoints": 31, "metrics": 164}

LINES = """\
model,model_key,family,measured_by,n_params_total,n_params_active,tokens,\
bpc_common_crawl,bpc_python,bpc_arxiv_math,bpc_average,bench_mmlu
Llama-2-13b,llama-2-13b,Llama-2,hkust,13000000000,13000000000,2000000000000,0.581,0.334,0.475,0.463,0.54
Llama-2-7b,llama-2-7b,Llama-2,hkust,6700000000,6700000000,2000000000000,0.612,0.354,0.500,0.488,0.43
Mistral-7b,mistral-7b,Mistral,hkust,7240000000,7240000000,,0.605,0.310,0.443,0.453,0.64
DeepSeek-V2,deepseek-v2,DeepSeek-V2,hkust,236000000000,21000000000,8100000000000,0.529,0.243,0.400,0.391,0.78
llama-2-13b,llama-2-13b,Llama-2,opencompass,13000000000,13000000000,2000000000000,0.5807,0.3336,0.4752,0.4632,0.54
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "compression_bpc.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    runs = tables["runs"].set_index("run")
    # a model that was measured twice is one run; lines of one size are no family of their own
    assert list(runs.index) == [
        "compression-llama-2/llama-2-13b",
        "compression-llama-2/llama-2-7b",
        "compression-others/mistral-7b",
        "compression-others/deepseek-v2",
    ]
    assert runs["params_active"].notna().to_list() == [False, False, False, True]
    assert list(runs["architecture"]) == ["decoder", "decoder", "decoder", "moe"]
    metrics = tables["metrics"].set_index(["run", "task", "repeat"])["value"]
    assert metrics["compression-llama-2/llama-2-13b", "compression_python", 0] == 0.334
    assert metrics["compression-llama-2/llama-2-13b", "compression_python", 1] == 0.3336
    assert len(metrics) == 5 * 4  # benchmark scores belong to another source
    assert set(tables["metrics"].query("how == 'extracted'")["task"]) == {"compression_average"}
    unknown = tables["checkpoints"].set_index("run").loc["compression-others/mistral-7b"]
    assert unknown.isna().all()  # no tokens are published, and nobody says so


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2: Llama-3-70b,llama-3-70b,Llama-3,hkust,70600000000,70600000000,15000000000000,0.496,0.204,0.376,0.359,...
    traced = {m["task"]: m for m in tables["metrics"].to_pylist() if m["line"] == 2}
    assert {task: m["value"] for task, m in traced.items()} == {
        "compression_common_crawl": 0.496,
        "compression_python": 0.204,
        "compression_arxiv_math": 0.376,
        "compression_average": 0.359,
    }
    assert {(m["run"], m["tokens"]) for m in traced.values()} == {("compression-llama-3/llama-3-70b", 15e12)}


def test_the_sources_own_fit_comes_out(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    rows = tables["metrics"].to_pandas().merge(tables["runs"].to_pandas(), on="run")
    mean = (rows["task"] == "compression_average") & (rows["repeat"] == 0) & (rows["architecture"] == "decoder")
    # dense models of the paper whose makers publish tokens: not Qwen1.5, nor what OpenCompass alone measured
    dense = rows[mean & rows["tokens"].notna() & ~rows["run"].str.contains("qwen1.5|qwen-1.8b")]
    slope, level = np.polyfit(np.log(dense["params"] / 1e9 * dense["tokens"] / 1e12), dense["value"], 1)
    assert slope == pytest.approx(-0.03076, abs=1e-3)  # the source's card
    assert level == pytest.approx(0.5726, abs=5e-3)
