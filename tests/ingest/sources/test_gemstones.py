from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from scalebook.corpus.database import Corpus
from scalebook.ingest.build import read, write
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["gemstones"]
ROWS = {"sources": 1, "families": 6, "runs": 288, "checkpoints": 5131, "metrics": 64508}

MODEL = '"params_active_precise":{params},"width":{width},"depth":{depth}'
SMALL = MODEL.format(params=94776832, width=512, depth=11)
WIDE = MODEL.format(params=1044032000, width=2560, depth=8)
LINES = {
    "wandb_dfs/wandb_df_for_fitting_hot_100b+_477.jsonl": [
        f'{{{SMALL},"step":2385,"final_loss":3.5}}',
        f'{{{WIDE},"step":2385,"final_loss":3.104281}}',
    ],
    "wandb_dfs/wandb_df_for_fitting_cool_begin.jsonl": [
        f'{{{SMALL},"step":2385,"final_loss":3.5}}',
        f'{{{WIDE},"step":2385,"final_loss":3.086217}}',
    ],
    "wandb_dfs/wandb_df_for_fitting_cool_end.jsonl": [
        f'{{{SMALL},"step":2622,"final_loss":3.4}}',
        f'{{{WIDE},"step":2622,"final_loss":3.0}}',
    ],
    "wandb_dfs/wandb_df_for_fitting_lr_ablation_hot_477.jsonl": [f'{{{SMALL},"step":477,"final_loss":4.3}}'],
    "benchmarks/fineweb_dclm_losses_combined.jsonl": [f'{{{SMALL},"step":83475,"final_loss":3.3}}'],
    "benchmarks/fineweb_edu_losses_combined.jsonl": [f'{{{SMALL},"step":83475,"final_loss":3.2}}'],
    "other_validation_losses/fineweb_losses/Gemstone-512x11.json": ['{"main": 3.1, "step_00047700": 3.15}'],
    "data/preflight_mup_olmo_variant.csv": [
        '"Name","_wandb","scaling/global_loss"',
        '"PyGemma-2560x8_8-2048_32nodes_olmoTrue_lr5e-03_scalernull","","7.76"',
    ],
    "derived/bhagia_task_losses_mean.csv": [
        "model,checkpoint,task,key,n_samples,mean_loss,stderr",
        "Gemstone-512x11,main,arcc,main,1172,4.4,0.07",
        "Gemstone-512x11,step_00002385,mmlu,anatomy,135,4.9,0.2",
    ],
}
PUBLIC = {"hf_name": ["meta-llama/Llama-2-7b-hf"], "loss": [2.06], "params": [6738415616]}
PUBLIC |= {"non_emb_params": [6607343616], "width": [4096], "depth": [32], "vocab_size": [32000]}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for file, lines in LINES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("\n".join(lines) + "\n")
    (tmp_path / "data/our_val_loss_data.json").write_text(json.dumps(PUBLIC))
    index = ["Gemstone-512x11-main", "Gemstone-512x11-step_00002385"]
    for name, values in (("df", [0.34, 0.25]), ("df_err", [0.01, 0.02])):
        pd.DataFrame({"arc:easy": values}, index=index).to_parquet(tmp_path / f"benchmarks/light_eval_{name}.parquet")
    return tmp_path


def only(frame: pd.DataFrame, **where: object) -> dict[str, object]:
    """The one row that meets all conditions."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    [row] = frame.to_dict("records")
    return {str(column): value for column, value in row.items()}


def test_few_rows_of_the_real_format(raw: Path) -> None:
    metrics = SOURCE.tables(raw)["metrics"].query("run == 'gemstones/512x11'")
    assert only(metrics, task="arc:easy", step=83475)["value"] == 0.34  # "main"
    assert only(metrics, task="arc:easy", step=2385)["stderr"] == 0.02
    assert only(metrics, task="arcc", step=83475)["line"] == 2
    answer = only(metrics, task="mmlu/anatomy", step=2385)
    assert [answer[c] for c in ("metric", "value", "stderr", "how")] == ["answer_loss", 4.9, 0.2, "extracted"]
    assert only(metrics, task="FineWeb", step=47700)["key"] == "step_00047700"
    assert only(metrics, task="Dolma 1.7", step=2385)["tokens"] == 2385 * 4194304


def test_cooldowns_hang_on_the_trunk_that_they_left(raw: Path) -> None:
    made = SOURCE.tables(raw)
    assert only(made["runs"], run="gemstones-cooldown/512x11-10b")["parent_run"] == "gemstones/512x11"
    # the first training of this shape was replaced: its losses differ from those of the main run
    branch = only(made["runs"], run="gemstones-cooldown/2560x8-10b")
    assert [branch["parent_run"], branch["branch_tokens"]] == ["gemstones-abandoned/2560x8", 2385 * 4194304]
    dolma = made["metrics"].query("task == 'Dolma 1.7' and step == 2385").set_index("run")["value"]
    assert dolma.to_dict() == {
        "gemstones/512x11": 3.5,  # once, although two files have it
        "gemstones/2560x8": 3.104281,
        "gemstones-abandoned/2560x8": 3.086217,
    }


def test_recipes(raw: Path) -> None:
    runs = SOURCE.tables(raw)["runs"]
    main = only(runs, run="gemstones/512x11")
    assert main["params_non_embedding"] == 94776832 - 2 * 50304 * 512
    assert main["peak_learning_rate"] == pytest.approx(5 / (512 * 11**0.5))
    ablation = only(runs, run="gemstones-lr-ablation/512x11")
    assert ablation["peak_learning_rate"] == pytest.approx(2.5 / (512 * 11**0.5))
    lowered = runs.set_index("run")["peak_learning_rate"].isna()
    assert lowered["gemstones/2560x8"]  # by hand, to an unstated value
    assert not lowered["gemstones-abandoned/2560x8"]
    sweep = only(runs, run="gemstones-lr-sweep/2560x8-5e-03")
    assert [sweep["peak_learning_rate"], sweep["params"]] == [5e-3, 1044032000]


def test_golden_rows_and_values_traced_by_hand(raw_sources: Path, tmp_path: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    write(SOURCE, tables, tmp_path)
    with Corpus(tmp_path) as corpus:
        # line 1 of ..._hot_100b+_477.jsonl: PyGemma-1024x28_pretrain, step 477, final_loss 4.0399007797
        sql = "select run, step, tokens, value from metrics where file like '%hot_100b+_477.jsonl' and line = 1"
        assert corpus.rows(sql) == [("gemstones/1024x28", 477, 2000683008.0, 4.0399007797)]
        # in 18 of 20 shapes the cooldowns left the main run: its loss there is the one that cool_begin repeats
        sql = "select count(*) from metrics where run like 'gemstones/%' and file like '%cool_begin%'"
        assert corpus.rows(sql) == [(18,)]  # step 23840, which the log of the main runs leaves out
        sql = "select min(planned_tokens / branch_tokens), max(planned_tokens / branch_tokens) from runs"
        [(low, high)] = corpus.rows(sql + " where family = 'gemstones-cooldown'")
        assert 1.099 < low < high < 1.101
