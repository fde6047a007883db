"""Schaipp et al. and Hägele et al.: 235 Llama-like trainings of 33M to 360M parameters under WSD and cosine schedules.

Logs of Weights & Biases: training loss every 10 or 50 steps, validation on 32 batches every 200, on the whole set at
the end. Traps: a step takes batch_size x acc_steps x world_size sequences (world_size multiplies). Cooldowns resume a
trunk and name it as their parent; those "resumed" at step 0 ran in full and are trainings of their own. Preempted runs
logged some steps again, out of order: what differs is kept in ``repeat``, identical records once. Counts of parameters
hold the embedding, which is tied.
"""

from __future__ import annotations

import datetime
import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from ..source import Source, Tables, listed

DATA = {"slimpajama": "SlimPajama", "slimpajama_chunk1": "SlimPajama chunk 1", "openwebtext2": "OpenWebText2"}
SCHEDULES = {"cos": "cosine", "wsd": "wsd", "wsd_twostage": "wsd-two-stage"}
# The runs in data/grad_norm repeat earlier recipes with gradient norms logged.
REPEATS = {"gradnorm124m": "cos-zero-124m", "stable-124m-gradnorm": "stable-124m", "ann124-gradnorm-0.2": "ann124-0.2"}
# block and column of the history -> metric, what the set is called, split
MEASURES = {
    ("val", "val_loss"): ("loss", "", "validation"),
    ("val", "val_acc"): ("token_accuracy", "", "validation"),
    ("train", "train_loss"): ("loss", "", "train"),
    ("wa", "val_loss_wa"): ("averaged_loss", "", "validation"),
    ("final-val", "final_val_loss"): ("loss", ", whole set", "validation"),
}
FAMILIES = pd.DataFrame(
    [
        ("haegele-slimpajama-cosine", "SlimPajama", "Peak rates fall with size; three lengths per size."),
        ("haegele-slimpajama-wsd", "SlimPajama", "Trunks at constant rate and cooldowns over the last 20 %."),
        ("haegele-openwebtext2-cosine", "OpenWebText2", "Peak rates fall with size; three lengths per size."),
        ("haegele-openwebtext2-wsd", "OpenWebText2", "Trunks at constant rate and cooldowns over the last 20 %."),
        ("haegele-210m", "SlimPajama", "One size, an earlier code (model llama)."),
        ("schaipp-124m-cosine", "SlimPajama", "One size; peak rates, lengths and two final rates."),
        ("schaipp-124m-wsd", "SlimPajama", "One size; peak rates, lengths and cooldown fractions."),
        ("schaipp-horizon", "SlimPajama chunk 1", "Two sizes, trainings extended two- and fourfold."),
    ],
    columns=["family", "data", "note"],
)


def tables(raw: Path) -> Tables:
    """One run per file; what was logged, every value once."""
    files = sorted((raw / "data").rglob("*.json"))
    logs = {str(f.relative_to(raw)): json.loads(f.read_bytes()) for f in files}
    runs = _runs(logs)
    rows = pd.concat([_logged(logs, *place) for place in MEASURES], ignore_index=True)
    rows = rows.merge(runs[["file", "run", "batch_tokens", "data"]], on="file")
    place = ["run", "step", "metric", "task", "split"]
    rows["task"] = rows["data"] + rows["task"]
    rows["tokens"] = rows["step"] * rows["batch_tokens"]
    rows = rows.drop_duplicates([*place, "value"])
    rates = rows.dropna(subset="learning_rate").drop_duplicates(["run", "step"])[["run", "step", "learning_rate"]]
    places = rows[["run", "step", "tokens"]].drop_duplicates().merge(rates, on=["run", "step"], how="left")
    return {
        "families": FAMILIES.assign(
            architecture="decoder", metric="loss", task=FAMILIES["data"], split="validation", related="haegele"
        ),
        "runs": runs.drop(columns="file"),
        "checkpoints": places.assign(tokens_basis="step_x_batch"),
        "metrics": rows.drop(columns=["batch_tokens", "data", "learning_rate"]).assign(
            repeat=rows.groupby(place).cumcount(), how="as_published"
        ),
    }


def _logged(logs: dict[str, Any], block: str, column: str) -> pd.DataFrame:
    """All values of one column. Where it is shorter than its steps it cannot be aligned, and is left out."""
    blocks = [(file, log["history"].get(block, {"iter": []})) for file, log in logs.items()]
    found = [(file, h) for file, h in blocks if h["iter"] and len(h["iter"]) == len(h[column])]
    metric, task, split = MEASURES[block, column]
    return pd.DataFrame(
        {
            "file": pd.Series([file for file, _ in found]).repeat([len(h["iter"]) for _, h in found]).array,
            "step": list(chain.from_iterable(h["iter"] for _, h in found)),
            "value": list(chain.from_iterable(h[column] for _, h in found)),
            "learning_rate": list(chain.from_iterable(h["train_lr"] for _, h in found)) if block == "train" else None,
            "metric": metric,
            "task": task,
            "split": split,
            "key": f"history.{block}.{column}",
        }
    ).astype({"learning_rate": float})


def _runs(logs: dict[str, Any]) -> pd.DataFrame:
    """One row per log; parents by the names that cooldowns resume, repeats by what the recipe says."""
    runs = pd.DataFrame([_run(file, log) for file, log in logs.items()])
    runs["parent_run"] = runs["parent"].map(runs.set_index("name")["run"])
    again = runs.groupby(["family", "recipe"])["run"].transform("size") > 1
    runs["replicate_group"] = (runs["family"] + "/" + runs["recipe"]).where(again)
    return runs.drop(columns=["parent", "name"])


def _run(file: str, log: dict[str, Any]) -> dict[str, Any]:
    """One training, from its configuration."""
    said = log["config"]
    prefix = said["wandb_run_prefix"]
    family = _family(prefix, said["dataset"], said["model"], said["scheduler"])
    fraction = 0.0 if said["scheduler"] == "cos" else float(said["wsd_fract_decay"])
    decays = said["scheduler"] == "cos" or fraction > 0
    params = float(log["summary"]["parameters"])
    batch = float(said["batch_size"] * said["acc_steps"] * said["world_size"] * said["sequence_length"])
    scale = f"{params / 1e6:.0f}m-lr{said['lr']:g}-{said['iterations']}"
    shape = "-".join(filter(None, [said["scheduler"], said.get("decay_type") if fraction else "", f"{fraction:g}"]))
    resumed = re.search(r"/exps/([^/]+)/ckpts/(\d+)", said.get("resume_from") or "")
    branches = resumed is not None and int(resumed[2]) > 0
    return {
        "file": file,
        "name": log["name"],
        "family": family,
        "run": f"{family}/{prefix}-{shape}-{scale}",
        "recipe": f"{REPEATS.get(prefix, prefix)}-{shape}-{scale}",
        "params": params,
        "params_total": params,
        "params_non_embedding": params - said["vocab_size"] * said["n_embd"],  # tied
        "params_basis": "total",
        "parent": resumed[1] if resumed and branches else None,
        "branch_tokens": int(resumed[2]) * batch if resumed and branches else None,
        "schedule": SCHEDULES[said["scheduler"]] if decays else "constant",
        "planned_tokens": said["iterations"] * batch,
        "warmup_tokens": said["warmup_steps"] * batch,
        "batch_tokens": batch,
        "context": said["sequence_length"],
        "vocabulary": said["vocab_size"],
        "layers": said["n_layer"],
        "width": said["n_embd"],
        "heads": said["n_head"],
        "peak_learning_rate": said["lr"],
        "weight_decay": said["weight_decay"],
        "optimizer": "AdamW",
        "precision": said["dtype"],
        "seed": said["seed"],
        "data": DATA[said["dataset"]],
        "architecture": "decoder",
    }


def _family(prefix: str, dataset: str, model: str, scheduler: str) -> str:
    """Which experiment a run belongs to."""
    kind = "cosine" if scheduler == "cos" else "wsd"
    if dataset == "openwebtext2":
        return f"haegele-openwebtext2-{kind}"
    if dataset == "slimpajama_chunk1":
        return "schaipp-horizon"
    if model == "llama":
        return "haegele-210m"
    if re.fullmatch(r"sl\d*|ann0\.2", prefix):
        return f"haegele-slimpajama-{kind}"
    return f"schaipp-124m-{kind}"


SOURCE = Source(
    tables=tables,
    title="Loss curves under WSD and cosine schedules, with cooldowns from shared trunks",
    repository="fabian-sp/lr-scheduling",
    commit="8ace3a327a396fbd4998ff7615d54012eba71573",
    retrieved=datetime.date(2025, 5, 16),
    licence="MIT",
    citation=(
        "Schaipp et al. 2025, The Surprising Agreement Between Convex Optimization Theory and Learning-Rate Scheduling,"
        " arXiv:2501.18965; Haegele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training"
        " Durations, arXiv:2405.18392"
    ),
    folder="lr-scheduling",
    files=listed(__file__),
    note="Validation on 32 batches while training; the whole set has a task of its own. Seed 0 everywhere.",
)
