from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-opt"]
ROWS = {"sources": 1, "families": 1, "runs": 6, "checkpoints": 147, "metrics": 142 + 6 * 147}

PERPLEXITY = """\
model_name,model_size,steps,num_token,flops,ppl
OPT,125m,2000,9.0,17.8750612633917,67.52265444265277
OPT,13b,2000,9.903089986991944,20.79518459680484,33.98769832635543
"""
ACCURACY = """\
,model_name,size,steps,flops,tokens,bigbench__codelinedescription,bigbench__humanorganssenses,\
bigbench__implicatures,bigbench__phraserelatedness,bigbench__whatisthetao,bigbench__swahilienglishproverbs
0,opt_125m,125m,2000,7.5e+17,1000000000.0,45.0,16.6,53.2,34.0,38.8,20.9
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/opt_trajectories.csv").write_text(PERPLEXITY)
    (tmp_path / "aggregated_eval/opt.csv").write_text(ACCURACY)
    tables = SOURCE.tables(tmp_path)
    metrics = tables["metrics"]
    perplexity = metrics[metrics["metric"] == "perplexity"]
    assert set(metrics["metric"]) == {"perplexity", "accuracy"}  # a perplexity is not a loss
    assert list(perplexity["tokens"]) == [1e9, 8e9]  # 13B takes 4 M tokens a step
    code = metrics[metrics["task"] == "bigbench_code_line_description"]
    assert list(code["value"]) == [0.45]  # percent becomes a share
    assert "flops" not in tables["checkpoints"]  # 6 N D is not a statement of the source


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    traced = [m for m in tables["metrics"].to_pylist() if m["run"] == "opt/175b" and m["step"] == 140000]
    # opt_trajectories.csv:143: OPT,175b,140000,11.447...,23.468...,9.768875130499486; opt.csv:148: ...,75.0,33.3...
    by_task = {m["task"]: m for m in traced}
    assert by_task["OPT validation sets, combined"]["line"] == 143
    assert by_task["OPT validation sets, combined"]["value"] == 9.768875130499486
    assert by_task["bigbench_what_is_the_tao"]["value"] == 0.75
    assert by_task["bigbench_what_is_the_tao"]["line"] == 148


def test_tokens_agree_with_both_files(raw_sources: Path) -> None:
    folder = raw_sources / SOURCE.folder
    metrics = SOURCE.tables(folder)["metrics"]
    logs = pd.read_csv(folder / "aggregated_eval/opt_trajectories.csv")["num_token"]
    ours = metrics.loc[metrics["metric"] == "perplexity", "tokens"].map(math.log10)
    assert ours.to_numpy() == pytest.approx(logs.to_numpy(), abs=1e-12)
    linear = pd.read_csv(folder / "aggregated_eval/opt.csv")["tokens"]
    first_task = metrics[metrics["task"] == "bigbench_code_line_description"]
    assert list(first_task["tokens"]) == list(linear)
