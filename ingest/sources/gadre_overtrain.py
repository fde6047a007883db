"""Gadre et al.: 104 models of 11M to 6.9B parameters, trained on 5 to 640 tokens per parameter, final values only.

The tag at the end of a name is M/20, M being tokens per parameter of *all* parameters (their law's N). What the authors
call ``params_no_embed`` still holds the head, which is not tied; our ``params_non_embedding`` does not. For the 6.9B
models, ``open_lm_args`` is the command line of a small model and ``global_bs`` is wrong: the recipe is read from
``hyperparameters`` only, and corrected there. Confidence intervals are bootstrapped over sequences; the standard error
is half their width over 1.96.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables, listed

MODELS, EVALS, SHOTS = "exp_data/models", "exp_data/evals", "exp_data/eval_metadata.csv"

# dataset_name -> family, data
FAMILIES = {
    "c4_original": ("gadre-c4", "C4"),
    "rpj": ("gadre-redpajama", "RedPajama"),
    "rw_original": ("gadre-refinedweb", "RefinedWeb"),
}
# The paper's table of configurations; layers, width and the vocabulary of 50,432 reproduce every published count.
SHAPES = pd.DataFrame(
    [
        ("d=96_l=8_h=4", 8, 96, 4),
        ("d=512_l=8_h=4", 8, 512, 4),
        ("d=576_l=24_h=8", 24, 576, 8),
        ("d=1024_l=24_h=8", 24, 1024, 8),
        ("open_lm_1b", 24, 2048, 16),
        ("open_lm_7b", 32, 4096, 32),
    ],
    columns=["model", "layers", "width", "heads"],
)
CONTEXT, VOCABULARY = 2048, 50_432


def tables(raw: Path) -> Tables:
    """Runs, one final checkpoint each, eight validation losses and 46 benchmark scores."""
    models = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((raw / MODELS).glob("*.json"))]
    runs = _runs(models)
    metrics = pd.concat([_losses(models), _scores(raw, [m["name"] for m in models])])
    metrics = metrics.merge(runs[["name", "run", "tokens"]], on="name").drop(columns="name")
    return {
        "families": _families(),
        "runs": runs.drop(columns=["name", "tokens"]),
        "checkpoints": runs[["run", "tokens"]].assign(tokens_basis="planned"),
        "metrics": metrics.assign(how="as_published"),
    }


def _families() -> pd.DataFrame:
    rows = pd.DataFrame(list(FAMILIES.values()), columns=["family", "data"])
    return rows.assign(
        architecture="decoder",
        metric="loss",
        task="c4_val",
        split="validation",
        related="gadre",
        note="Final values only. The set de-en is text of WMT.",
    )


def _runs(models: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per model, with its name in the files and its tokens."""
    said = pd.DataFrame([m["hyperparameters"] for m in models])
    place = pd.DataFrame([FAMILIES[m["dataset_name"]] for m in models], columns=["family", "data"])
    names = pd.Series([m["name"] for m in models])
    recipe = pd.Series([m["name"].removeprefix(m["dataset_name"] + "-") for m in models])
    batch = said["global_bs"] * float(CONTEXT)
    runs = pd.DataFrame(
        {
            "name": names,
            "run": place["family"] + "/" + recipe,
            "family": place["family"],
            "recipe": recipe,
            "data": place["data"],
            "tokens": said["tokens"].astype(float),
            "planned_tokens": said["tokens"].astype(float),
            "params": said["params"].astype(float),
            "params_total": said["params"].astype(float),
            "params_no_embed": said["params_no_embed"].astype(float),
            "params_basis": "total",
            "batch_tokens": batch,
            "warmup_tokens": said["warmup"] * batch,
            "peak_learning_rate": said["lr"],
            "weight_decay": said["wd"],
            "precision": ["bfloat16" if "--fsdp-pure-bf16" in f else "amp_bfloat16" for f in said["fsdp_flags"]],
            "seed": [_argument(m, "--seed") for m in models],
            "model": said["model"].map(lambda path: Path(path).name.removesuffix(".json")),
        }
    )
    runs = runs.merge(SHAPES, on="model", how="left").drop(columns="model")
    # Section 3 of the paper: AdamW, cosine decay.
    return runs.assign(
        params_non_embedding=runs["params_no_embed"] - VOCABULARY * runs["width"],
        architecture="decoder",
        context=CONTEXT,
        vocabulary=VOCABULARY,
        optimizer="AdamW",
        schedule="cosine",
    ).drop(columns="params_no_embed")


def _argument(model: dict[str, Any], name: str) -> int:
    words = model["open_lm_args"]
    return int(words[words.index(name) + 1])


def _losses(models: list[dict[str, Any]]) -> pd.DataFrame:
    """Validation losses; the set is the folder of the first file that was read."""
    rows = [
        (m["name"], r["val_data"][0].split("/")[-2], r["loss"], _stderr(r), f"results[{i}].loss")
        for m in models
        for i, r in enumerate(m["results"])
    ]
    losses = pd.DataFrame(rows, columns=["name", "task", "value", "stderr", "key"])
    return losses.assign(metric="loss", split="validation", file=MODELS + "/" + losses["name"] + ".json")


def _stderr(result: dict[str, Any]) -> float:
    return float(result["loss_sequences_upper_95"] - result["loss_sequences_lower_95"]) / 2 / 1.96


def _scores(raw: Path, names: list[str]) -> pd.DataFrame:
    """Benchmark accuracies; the number of examples in the prompt is in a file of its own."""
    shots = pd.read_csv(raw / SHOTS).set_index("Eval Task")["#shots"]
    files = {name: f"{EVALS}/evaluation_{name}_heavy.json" for name in names}
    rows = [
        (name, task, value)
        for name, file in files.items()
        for task, value in json.loads((raw / file).read_text(encoding="utf-8"))["eval_metrics"]["icl"].items()
    ]
    scores = pd.DataFrame(rows, columns=["name", "task", "value"])
    return scores.assign(
        metric="accuracy",
        shots=scores["task"].map(shots),
        file=scores["name"].map(files),
        key="eval_metrics.icl." + scores["task"],
    )


def _batch(column: str) -> Correction:
    """The 6.9B models say a batch of one sequence."""
    return Correction(
        table="runs",
        where="params_total > 6e9 and batch_tokens = 2048",
        column=column,
        scale=2048.0,
        rows=3,
        reason="global_bs is 1 for 6.9B; the paper's table and --global-batch-size say 2,048 sequences",
        date=datetime.date(2026, 11, 21),
    )


SOURCE = Source(
    tables=tables,
    title="Over-training test bed: 104 models on C4, RedPajama and RefinedWeb",
    repository="mlfoundations/scaling",
    commit="a003c4913793ac2ae7ef87b28ecb562955d026d5",
    retrieved=datetime.date(2024, 4, 1),
    licence="MIT",
    citation=(
        "Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks, arXiv:2403.08540"
    ),
    folder="gadre-overtrain",
    files=listed(__file__),
    note="Tokens are the planned budget, 20 x tag x params. Standard errors are half the 95 % interval over 1.96.",
    corrections=(_batch("warmup_tokens"), _batch("batch_tokens")),
)
