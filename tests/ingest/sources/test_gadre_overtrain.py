from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["gadre-overtrain"]
ROWS = {"sources": 1, "families": 3, "runs": 104, "checkpoints": 104, "metrics": 5616}


def model(name: str, **said: Any) -> dict[str, Any]:
    """Shape of one file in exp_data/models, shortened."""
    recipe = {
        "model": f"scaling/open_lm_configs/{name.split('-')[1]}.json",
        "tokens": 211386240,
        "warmup": 100,
        "lr": 0.003,
        "wd": 0.033,
        "global_bs": 64,
        "params": 10569312,
        "params_no_embed": 5727840,
        "fsdp_flags": ["--fsdp", "--fsdp-amp"],
    }
    result = {
        "loss": 5.387,
        "loss_sequences_lower_95": 5.38,
        "loss_sequences_upper_95": 5.394,
        "val_data": ["training/eval_data/c4_val/shard-{0000000..0000010}.tar"],
    }
    return {
        "name": name,
        "dataset_name": "rpj",
        "hyperparameters": recipe | said,
        "open_lm_args": ["--lr", "0.5", "--seed", "124"],
        "results": [result],
    }


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    small = model("rpj-d=96_l=8_h=4-1.0")
    large = model("rpj-open_lm_7b-1.0", model="open_lm_7b", global_bs=1, lr=0.0003)
    for folder in ("models", "evals"):
        (tmp_path / "exp_data" / folder).mkdir(parents=True)
    (tmp_path / "exp_data/eval_metadata.csv").write_text('Eval Task,#shots,Description\npiqa,10,"a, b"\n')
    for m in (small, large):
        (tmp_path / f"exp_data/models/{m['name']}.json").write_text(json.dumps(m))
        scores = {"name": "/mnt", "eval_metrics": {"icl": {"piqa": 0.605}}}
        (tmp_path / f"exp_data/evals/evaluation_{m['name']}_heavy.json").write_text(json.dumps(scores))
    made = SOURCE.tables(tmp_path)
    runs = made["runs"].set_index("run")
    run = runs.loc["gadre-redpajama/d=96_l=8_h=4-1.0"]
    assert (run["params"], run["params_non_embedding"], run["params_basis"]) == (
        10569312,
        5727840 - 50432 * 96,
        "total",
    )
    assert (run["batch_tokens"], run["warmup_tokens"]) == (64 * 2048, 100 * 64 * 2048)
    assert run["peak_learning_rate"] == 0.003  # not the command line's
    assert runs.loc["gadre-redpajama/open_lm_7b-1.0", "layers"] == 32  # both ways of naming a shape are known
    metrics = made["metrics"][made["metrics"]["run"] == run.name].set_index("metric")
    assert list(metrics.loc["loss", ["task", "split", "value"]]) == ["c4_val", "validation", 5.387]
    assert metrics.loc["loss", "stderr"] == pytest.approx(0.007 / 1.96)
    assert list(metrics.loc["accuracy", ["task", "shots", "value"]]) == ["piqa", 10, 0.605]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # "loss" below "val_data": [".../c4_val/..."] in exp_data/models/rpj-open_lm_1b-32.0.json
    traced = [
        m
        for m in tables["metrics"].to_pylist()
        if m["file"] == "exp_data/models/rpj-open_lm_1b-32.0.json" and m["key"] == "results[1].loss"
    ]
    assert [(m["run"], m["task"]) for m in traced] == [("gadre-redpajama/open_lm_1b-32.0", "c4_val")]
    assert traced[0]["value"] == 2.502053562117363
    assert traced[0]["tokens"] == 921468928000


def test_the_recipe_of_the_largest_models_is_corrected(raw_sources: Path) -> None:
    runs = read(SOURCE, raw_sources / SOURCE.folder)["runs"].to_pylist()
    largest = [r for r in runs if r["params"] > 6e9]
    assert {(r["batch_tokens"], r["warmup_tokens"], r["weight_decay"]) for r in largest} == {
        (2048 * 2048, 5000 * 2048 * 2048, 0.33)
    }
    assert {2 * r["vocabulary"] * r["width"] for r in runs} == {r["params"] - r["params_non_embedding"] for r in runs}


def test_tokens_are_the_planned_multiple_of_all_parameters(raw_sources: Path) -> None:
    runs = read(SOURCE, raw_sources / SOURCE.folder)["runs"].to_pylist()
    assert all(r["planned_tokens"] == 20 * float(r["recipe"].rsplit("-", 1)[1]) * r["params_total"] for r in runs)
