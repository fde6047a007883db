from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["lr-scheduling"]
ROWS = {"sources": 1, "families": 8, "runs": 235, "checkpoints": 134442, "metrics": 192655}


def log(name: str, prefix: str, iterations: int, resume: str | None = None, **said: Any) -> dict[str, Any]:
    """Shape of one file, shortened: the validation at step 200 was logged twice, once again after a restart."""
    config = {
        **{
            "lr": 0.001,
            "seed": 0,
            "dtype": "bfloat16",
            "model": "llama_norm",
            "n_embd": 384,
            "n_head": 6,
            "n_layer": 8,
        },
        **{"dataset": "slimpajama", "acc_steps": 2, "scheduler": "wsd", "batch_size": 50, "world_size": 2},
        **{"vocab_size": 50304, "sequence_length": 512, "warmup_steps": 300, "weight_decay": 0.1},
        **{"wsd_fract_decay": 0, "wandb_run_prefix": prefix, "iterations": iterations, "resume_from": resume},
    }
    history = {
        "final-val": {"iter": [iterations], "final_val_best_loss_wa": [], "final_val_loss": [3.31]},
        "val": {"iter": [200, 0, 200, 200], "val_loss": [3.5, 10.9, 3.5, 3.6], "val_acc": [0.3]},
        "train": {"iter": [50, 100], "train_loss": [8.0, 7.0], "train_lr": [1e-4, 2e-4]},
        "wa": {"iter": [], "val_loss_wa": []},
    }
    return {"summary": {"parameters": 33479040}, "config": config | said, "name": name, "history": history}


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "data/grad_norm").mkdir(parents=True)
    trunk = log("sl_trunk", "sl", 10000)
    at = "/mloscratch/homes/haegele/improvegpt/exps/sl_trunk/ckpts/"
    cooldown = log("ann0.2_x", "ann0.2", 7000, at + "5600", wsd_fract_decay=0.2)
    whole = log("ann0.2_y", "ann0.2", 3000, at + "0", wsd_fract_decay=0.8, decay_type="linear")
    cosine = log("sl_cos", "sl", 3000, scheduler="cos", acc_steps=4)
    for i, one in enumerate((trunk, cooldown, whole, cosine)):
        (tmp_path / f"data/{'grad_norm/' if i else ''}{one['name']}.json").write_text(json.dumps(one))
    made = SOURCE.tables(tmp_path)
    runs = made["runs"].set_index("run")
    branch = runs.loc["haegele-slimpajama-wsd/ann0.2-wsd-0.2-33m-lr0.001-7000"]
    assert branch["parent_run"] == "haegele-slimpajama-wsd/sl-wsd-0-33m-lr0.001-10000"
    assert branch["branch_tokens"] == 5600 * 102_400
    assert runs["parent_run"].notna().sum() == 1  # resumed at step 0 is a whole training
    assert runs.loc["haegele-slimpajama-cosine/sl-cos-0-33m-lr0.001-3000", "batch_tokens"] == 204_800
    assert runs.loc[branch["parent_run"], "schedule"] == "constant"
    metrics = made["metrics"][made["metrics"]["run"] == branch["parent_run"]].sort_values(["task", "split", "step"])
    validation = metrics[(metrics["task"] == "SlimPajama") & (metrics["split"] == "validation")]
    assert validation[["step", "value", "repeat"]].values.tolist() == [[0, 10.9, 0], [200, 3.5, 0], [200, 3.6, 1]]
    assert metrics.loc[metrics["task"] == "SlimPajama, whole set", "value"].tolist() == [3.31]
    assert "token_accuracy" not in set(metrics["metric"])  # shorter than its steps: cannot be aligned
    rates = made["checkpoints"].query("run == @branch.parent_run").set_index("step")["learning_rate"]
    assert rates.dropna().to_dict() == {50: 1e-4, 100: 2e-4}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    families = {f["family"]: f["independent_runs"] for f in tables["families"].to_pylist()}
    assert families["haegele-slimpajama-wsd"] == 8  # 16 cooldowns branch off eight trunks
    runs = {r["run"]: r for r in tables["runs"].to_pylist()}
    assert all(r["parent_run"] is None or r["parent_run"] in runs for r in runs.values())
    # sl_slimpajama_llama_norm_nlayers24_nhead16_lr0.001_sched_cos_..._iter25000_...: last value of history.val.val_loss
    run = "haegele-slimpajama-cosine/sl-cos-0-360m-lr0.001-25000"
    metrics = tables["metrics"].filter([r == run for r in tables["metrics"]["run"].to_pylist()]).to_pylist()
    traced = [m["value"] for m in metrics if m["step"] == 24800 and m["key"] == "history.val.val_loss"]
    assert traced == [2.7463738918304443]
    assert runs[run]["params_total"] == pytest.approx(359_842_816)
