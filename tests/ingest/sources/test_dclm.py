from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.dclm import DATABASE, TASKS

SOURCE = SOURCES["dclm"]
ROWS = {"sources": 1, "families": 14, "runs": 431, "checkpoints": 431, "metrics": 36680}

HYPER = "warm=5000-lr=0p003-wd=0p033-cd=3e-05-bs=256-mult=1"
COLUMNS = "Model JSON,Dataset,model,params,tokens,Core,Extended,model_uuid,mmlu_zeroshot,gsm8k,aqua_cot,svamp_cot,svamp"
LINES = f"""\
{COLUMNS},eval_metrics.perplexity,perplexity.mmlu
evaluation_c4_original-open_lm_1b-{HYPER}-seed=124_heavy.json,c4_original,open_lm_1b,1439795200,28795904000,0.2,0.1,aaaaaaaa-1,0.26,0.0,0.02,,0.1,3.26,0.49
evaluation_x-open_lm_1b-{HYPER}-seed=124_heavy_copy.json,x,open_lm_1b,1439795200,28795904000,0.2,0.1,bbbbbbbb-1,0.27,0.0,,,,,
evaluation_x-open_lm_1b-{HYPER}-seed=42_heavy.json,x,open_lm_1b,1439795200,28795904000,0.2,0.1,cccccccc-1,0.28,0.0,,,,,
evaluation_y-open_lm_1b_gemma-{HYPER}-seed=42_mmlu_and_lowvar.json,y,open_lm_1b_gemma,1439795200,28795904000,0.3,0.3,dddddddd-1,0.28,,,,,,
hero_run_1_2T_cooldown_checkpoints/epoch_25.pt.json,z,open_lm_7b_swiglutorch,6889410560,206682316800,0.5,0.5,eeeeeeee-1,0.5,,,,,,
"""
META = """\
Eval Task,Task Category,Task Type,#shots
mmlu_zeroshot,world knowledge,multiple choice,0
aqua_cot,symbolic problem solving,question answering,3
"""
PUBLIC = {"uuid": "ffffffff-1", "model": "mistralai/Mistral-7B-v0.1", "Core": 0.56}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, pd.DataFrame]:
    for file, text in (
        (DATABASE, LINES),
        (TASKS, META),
        (
            "exp_data/evals/evaluation_mistral_7b_heavy.json",
            json.dumps({**PUBLIC, "eval_metrics": {"icl": {"mmlu_zeroshot": 0.6}}}),
        ),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return SOURCE.tables(tmp_path)


def test_few_lines_of_the_real_format(made: dict[str, pd.DataFrame]) -> None:
    found = made["metrics"][["run", "task", "metric", "value"]].to_numpy().tolist()
    values = {(run, task): (metric, value) for run, task, metric, value in found}
    c4 = "dclm-c4/1.4b-aaaaaaaa"
    assert values[c4, "open_lm_val"] == ("loss", 3.26)  # called perplexity
    assert values[c4, "mmlu"] == ("answer_loss", 0.49)  # below 1: certainly none
    assert values[c4, "mmlu_zeroshot"] == ("accuracy", 0.26)
    assert values[c4, "aqua_cot"] == ("exact_match", 0.02)
    assert values[c4, "dclm_extended"] == ("centred_accuracy", 0.1)
    assert ("dclm-others/1.4b-dddddddd", "dclm_core") in values
    assert ("dclm-others/1.4b-dddddddd", "dclm_extended") not in values  # taken over a few tasks
    assert values["dclm-public/mistral-7b-v0.1", "mmlu_zeroshot"] == ("accuracy", 0.6)


def test_recipes_come_from_the_names(made: dict[str, pd.DataFrame]) -> None:
    runs = made["runs"].set_index("run")
    assert len(runs) == 5  # without the continuation, whose tokens are those of the cooldown
    assert runs["peak_learning_rate"]["dclm-c4/1.4b-aaaaaaaa"] == 0.003
    assert runs["warmup_tokens"]["dclm-c4/1.4b-aaaaaaaa"] == 5000 * 256 * 2048
    assert runs["params_non_embedding"]["dclm-c4/1.4b-aaaaaaaa"] == 1439795200 - 2 * 50432 * 2048
    assert pd.isna(runs["params"].to_dict()["dclm-others/1.4b-dddddddd"])  # another vocabulary
    same = runs["replicate_group"].dropna()
    assert same.to_dict() == dict.fromkeys(
        ["dclm-others/1.4b-bbbbbbbb", "dclm-others/1.4b-cccccccc"], "dclm-others/1.4b-bbbbbbbb"
    )
    tokens = made["checkpoints"].set_index("run")["tokens"]
    assert pd.isna(tokens.to_dict()["dclm-public/mistral-7b-v0.1"])  # never stated


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    metrics = tables["metrics"].to_pandas()
    # line 299, ...c4_original-d=1024_l=24_h=8-...: params 411616256, tokens 8232325120, Core 0.131..., loss 3.659498624
    line = metrics[(metrics["file"] == DATABASE) & (metrics["line"] == 299)].set_index("key")["value"]
    assert (line["Core"], line["eval_metrics.perplexity"]) == (0.1310452012, 3.659498624)
