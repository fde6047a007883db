"""OLMo: 1B, 7B and its twin trained on other hardware, evaluated every 1,000 steps while training.

Traps. The file has no tokens, and its revisions of OLMo-1B are named after those of the 7B: tokens are steps x batch
(2,048 sequences for 1B, 2,160 for 7B, which is what the 7B's revisions say). Evaluation sets have other labels for each
model: "4chan-validation" of the 7B is "v2-small-4chan-validation" of the 1B (the same v2_small_gptneox20b files in
allenai/OLMo, configs/v1_5-mix-medium.yaml and configs/official/OLMo-1B.yaml), so both are called v2-small-4chan here.
Perplexity is exp of the cross-entropy beside it and is kept only where there is no cross-entropy. One set of the 7B,
ptb, is cut short in the table and read from the export that the table was made of.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "aggregated_eval/olmo.csv"
PTB = "raw_data/OLMO/wandb_export_2024-02-23T15_01_17.272-05_00.csv"  # OLMo-7B, one column per restart

# model_name, run, schedule, warm-up steps, peak rate, sequences, planned steps: configs/official in allenai/OLMo.
# Parameters are counted from the shape (gated feed-forward 8 x width, 50,304 embeddings, tied at 1B).
RUNS = pd.DataFrame(
    [
        ("OLMo-1B", "olmo/1b", 16, 2048, 16, 1_176_764_416, 1_073_741_824, "cosine", 2000, 4e-4, 2048, 739_328),
        ("OLMo-7B", "olmo/7b", 32, 4096, 32, 6_888_095_744, 6_476_005_376, "linear", 5000, 3e-4, 2160, None),
        (
            "OLMo-7B-Twin-2T",
            "olmo-twin/7b",
            32,
            4096,
            32,
            6_888_095_744,
            6_476_005_376,
            "linear",
            5000,
            3e-4,
            2160,
            None,
        ),
    ],
    columns=[
        *("recipe", "run", "layers", "width", "heads", "params", "params_non_embedding", "schedule", "warmup"),
        *("peak_learning_rate", "sequences", "planned_steps"),
    ],
)
CONTEXT = 2048
SUFFIXES = {"_len_norm": "accuracy_norm", "_acc": "accuracy", "_f1": "f1"}


def tables(raw: Path) -> Tables:
    """One run per model; losses and zero-shot scores, one row per value."""
    wide = pd.read_csv(raw / FILE)
    wide["line"] = wide.index + 2
    wide["recipe"] = wide["model_name"].str.strip()
    columns = [c for c in wide.columns if "/" in c]
    metrics = wide.melt(["recipe", "Step", "line"], columns, "column").dropna(subset="value").assign(file=FILE)
    metrics = pd.concat([metrics, _rest_of_ptb(raw, metrics)])
    metrics = metrics.merge(_names([*columns]), on="column")
    there = metrics[metrics["metric"] == "loss"].set_index(["recipe", "task", "Step"]).index
    twice = pd.MultiIndex.from_frame(metrics[["recipe", "task", "Step"]]).isin(there)
    metrics = metrics[~(twice & (metrics["metric"] == "perplexity"))]
    batch = RUNS["sequences"] * float(CONTEXT)
    metrics = metrics.merge(RUNS[["recipe", "run"]].assign(batch=batch), on="recipe")
    metrics = metrics.assign(step=metrics["Step"], tokens=metrics["Step"] * metrics["batch"], how="as_published")
    return {
        "families": _families(),
        "runs": _runs(batch),
        "checkpoints": metrics[["run", "step", "tokens"]].drop_duplicates().assign(tokens_basis="step_x_batch"),
        "metrics": metrics.drop(columns=["recipe", "column", "Step", "batch"]),
    }


def _names(columns: list[str]) -> pd.DataFrame:
    """What each column measures, on which set."""
    rows: list[tuple[str, str, str, str | None, int | None]] = []
    for column in columns:
        place, name = column.split("/")
        if place == "downstream":
            suffix = next(s for s in SUFFIXES if name.endswith(s))
            rows.append((column, SUFFIXES[suffix], name.removesuffix(suffix), None, 0))
        else:
            task = place.removesuffix("-validation")
            if place.endswith("-validation") and not task.startswith(("v2-", "v3-")):
                task = f"v2-small-{task}"
            metric = {"CrossEntropyLoss": "loss", "Perplexity": "perplexity"}[name]
            rows.append((column, metric, task, "validation", None))
    names = pd.DataFrame(rows, columns=["column", "metric", "task", "split", "shots"])
    return names.astype({"shots": "Int64"})


def _rest_of_ptb(raw: Path, metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses of the 7B on ptb at the steps that the table leaves out."""
    export = pd.read_csv(raw / PTB, usecols=lambda c: c == "Step" or c.endswith("/CrossEntropyLoss"))
    rows = export.melt("Step", ignore_index=False).dropna(subset="value")
    rows["line"] = rows.index + 2
    known = metrics.loc[
        (metrics["recipe"] == "OLMo-7B") & (metrics["column"] == "ptb-validation/CrossEntropyLoss"), "Step"
    ]
    rows = rows[~rows["Step"].isin(known)].drop(columns="variable")
    return rows.assign(recipe="OLMo-7B", column="ptb-validation/CrossEntropyLoss", file=PTB)


def _families() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": ["olmo", "olmo-twin"],
            "architecture": "decoder",
            "data": "Dolma",
            "metric": ["loss", "perplexity"],
            "task": "v2-small-c4_en",
            "split": "validation",
            "related": "olmo",
            "note": [
                "1B was trained with a cosine, 7B with a linear schedule. The 7B starts at step 21,000.",
                "The 7B recipe again, on AMD hardware; one run.",
            ],
        }
    )


def _runs(batch: pd.Series) -> pd.DataFrame:
    runs = RUNS.assign(
        family=RUNS["run"].str.split("/").str[0],
        params=RUNS["params"].astype(float),
        params_total=RUNS["params"].astype(float),
        params_non_embedding=RUNS["params_non_embedding"].astype(float),
        params_basis="total",
        batch_tokens=batch,
        warmup_tokens=RUNS["warmup"] * batch,
        planned_tokens=RUNS["planned_steps"] * batch,
        context=CONTEXT,
        vocabulary=50_280,
        optimizer="AdamW",
        weight_decay=0.1,
        precision="amp_bfloat16",
        architecture="decoder",
        data="Dolma",
    )
    return runs.drop(columns=["warmup", "sequences", "planned_steps"])


SOURCE = Source(
    tables=tables,
    title="Evaluations during the training of OLMo 1B, 7B and 7B-Twin",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Groeneveld et al. 2024, OLMo: Accelerating the Science of Language Models, arXiv:2402.00838;"
        " collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={
        FILE: "008a3a0ff6a6f0832ecbe6498e1720f17864f23ffda4a9ce3239bf2ceec0ad8a",
        PTB: "505821c5329811ecf4951f467082aa32a04ee51a808fed06f3068f62f32afeb7",
    },
    note="Tokens are steps x batch; the revisions that the file gives for OLMo-1B are those of the 7B.",
    corrections=(
        Correction(
            table="metrics",
            where=(
                "run = 'olmo-twin/7b' and step between 158000 and 168000 and value > case metric when 'loss' then 4"
                " when 'perplexity' then 20 else 0.9 end"
            ),
            column="value",
            scale=0.5,
            rows=165,
            reason="two restarts logged these steps alike, and the table holds their sum (see raw_data/OLMO)",
            date=datetime.date(2026, 11, 21),
        ),
    ),
)
