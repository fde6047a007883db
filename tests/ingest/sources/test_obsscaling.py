from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.obsscaling import LEADERBOARD, LONG_NAMES, MODELS

SOURCE = SOURCES["obsscaling"]
ROWS = {"sources": 1, "families": 40, "runs": 148, "checkpoints": 148, "metrics": 19887}

LINES = {
    MODELS: """\
Model,Model Family,Model Size (B),Pretraining Data Size (T),FLOPs (1E21),MMLU,ARC-C,Winograd
meta-llama/Llama-2-7b-hf,Llama-2,7.0,2.0,84.0,0.43,0.53,0.74
meta-llama/Llama-2-13b-hf,Llama-2,13.0,2.0,156.0,0.54,,0.76
mistralai/Mistral-7B-v0.1,Mistral,7.3,,,0.64,0.59,0.78
RWKV/rwkv-4-169m-pile,RWKV,0.169,,,0.23,0.23,0.5
deepseek-ai/DeepSeek-V2,DeepSeek-V2,21.0,8.1,1020.6,0.78,0.68,0.83
""",
    LEADERBOARD: "Model,leaderboard_bbh\nmeta-llama/Llama-2-7b-hf,0.34\n",
    LONG_NAMES[0]: "Model,ipa_transliterate_2_bleu\nmeta-llama/Llama-2-7b-hf,27.0\n",
    LONG_NAMES[1]: (
        'Model,"gsm8k_cot_8_exact_match,flexible-extract","bbh_fewshot_snarks_3_exact_match,strict-match,norm"\n'
        "meta-llama/Llama-2-7b-hf,0.15,-1.0\n"
    ),
}


def made(folder: Path) -> dict[str, pd.DataFrame]:
    (folder / "eval_results").mkdir()
    for file, lines in LINES.items():
        (folder / file).write_text(lines)
    return SOURCE.tables(folder)


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    metrics = made(tmp_path)["metrics"]
    llama = metrics[metrics["run"] == "obsscaling-llama-2/llama-2-7b-hf"].fillna({"shots": -1})
    columns = ["task", "shots", "metric", "value"]
    assert sorted(llama[columns].to_numpy().tolist()) == [
        ["arc_challenge", 25, "accuracy_norm", 0.53],
        ["bbh_fewshot_snarks/strict-match", 3, "centred_accuracy", -1.0],  # "norm": chance is 0
        ["gsm8k_cot/flexible-extract", 8, "exact_match", 0.15],
        ["ipa_transliterate", 2, "bleu", 0.27],  # percent
        ["leaderboard_bbh", 3, "accuracy_norm", 0.34],
        ["mmlu", 5, "accuracy", 0.43],
        ["winogrande", 5, "accuracy", 0.74],  # "Winograd"
    ]
    assert set(llama["line"]) == {2}


def test_families_and_what_sizes_count(tmp_path: Path) -> None:
    runs = made(tmp_path)["runs"].set_index("run")
    assert sorted(runs.index) == [
        "obsscaling-llama-2/llama-2-13b-hf",
        "obsscaling-llama-2/llama-2-7b-hf",
        "obsscaling-others/deepseek-v2",
        "obsscaling-others/mistral-7b-v0.1",
        "obsscaling-others/rwkv-4-169m-pile",
    ]
    assert runs["params_basis"]["obsscaling-others/deepseek-v2"] == "active"
    assert runs["params_active"].dropna().to_dict() == {"obsscaling-others/deepseek-v2": 21e9}
    checkpoints = SOURCE.tables(tmp_path)["checkpoints"].set_index("run")
    assert checkpoints["tokens_basis"]["obsscaling-others/rwkv-4-169m-pile"] == "planned"
    assert checkpoints["tokens"]["obsscaling-llama-2/llama-2-7b-hf"] == 2e12
    unknown = checkpoints[checkpoints["tokens"].isna()]
    assert unknown["tokens_basis"].isna().to_dict() == {"obsscaling-others/mistral-7b-v0.1": True}


def test_golden_rows_and_values_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    metrics = tables["metrics"].to_pandas()
    # line 141 of the table of models: cerebras/btlm-3b-8k-base,BTLM,3.0,627.0,11286.0,0.2716178134431024,...
    btlm = metrics[(metrics["file"] == MODELS) & (metrics["line"] == 141) & (metrics["task"] == "mmlu")]
    assert btlm[["run", "value", "tokens"]].to_numpy().tolist() == [
        ["obsscaling-others/btlm-3b-8k-base", 0.2716178134431024, 627e9]
    ]
    sizes = tables["runs"].to_pandas().set_index("run")["params"]
    assert sizes["obsscaling-openllamav2/open_llama_7b_v2"] == 7e9
