"""LLM360 Amber-7B: perplexity on 18 sets and accuracy in 22 tasks at up to 356 checkpoints of one run.

``Step`` is the number of a checkpoint, one after each of 360 pieces of the data: tokens are counted from there, taking
the pieces as equal, and are uncertain by a piece or two (four files count from 1, the others from 0). Perplexities are
perplexities, not losses, and what they are a mean over is not stated. Accuracies are percent; which accuracy it is is
not stated either, except that ARC, HellaSwag and MMLU end at the model card's values, those of the Open LLM
Leaderboard. The export of the training loss is missing upstream. ``__MIN`` and ``__MAX`` repeat the value.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables, listed

FILES = listed(__file__)
RUN = "amber/7b"

#: Tokens between checkpoints: 1259.13 B in 360 pieces (data cards of huggingface.co/LLM360/Amber and AmberDatasets).
PIECE = 1259.13e9 / 360

#: As on the Open LLM Leaderboard; TruthfulQA is mc2 by its level, CrowS-Pairs has no accuracy.
KNOWN = pd.DataFrame(
    [
        ("arc", "arc_challenge", "accuracy_norm", 25),
        ("hellaswag", "hellaswag", "accuracy_norm", 10),
        ("mmlu", "mmlu", "accuracy", 5),
        ("truthfulqa", "truthfulqa", "mc2", 0),
        ("crowspairs", "crows_pairs", "percentage_stereotype", None),
    ],
    columns=["name", "task", "metric", "shots"],
).set_index("name")


def _values(raw: Path) -> pd.DataFrame:
    """All files below each other: kind and name of the evaluation, checkpoint, value, file and line."""
    parts = []
    for file in sorted(FILES):
        log = pd.read_csv(raw / file)
        column = log.columns[1]
        kind, name = column.split(" - ", 1)
        rows = pd.DataFrame({"checkpoint": log["Step"], "published": log[column], "line": log.index + 2})
        parts.append(rows.assign(kind=kind, name=name, file=file))
    return pd.concat(parts, ignore_index=True).dropna(subset="published")


def tables(raw: Path) -> Tables:
    """One run, all evaluations at all checkpoints."""
    rows = _values(raw)
    rows["run"] = RUN
    first = rows.groupby("file")["checkpoint"].transform("min")
    rows["tokens"] = (rows["checkpoint"] - first + 1) * PIECE
    perplexity = rows["kind"] == "perplexity_eval"
    rows["task"] = rows["name"].map(KNOWN["task"]).fillna(rows["name"])
    rows["metric"] = rows["name"].map(KNOWN["metric"]).fillna("accuracy").mask(perplexity, "perplexity")
    rows["shots"] = rows["name"].map(KNOWN["shots"]).astype("Int64")
    rows["value"] = rows["published"].where(perplexity, rows["published"] / 100)
    return {
        "families": pd.DataFrame(
            {
                "family": ["amber"],
                "architecture": "decoder",
                "data": "AmberDatasets",
                "related": "llm360",
                "note": "One size; perplexities on many sets, none of them named as the validation loss.",
            }
        ),
        # Liu et al. 2023 (arXiv:2312.06550), section 3; the total is that of LLaMA 7B.
        "runs": pd.DataFrame(
            {
                "run": [RUN],
                "family": "amber",
                "params": 6.7e9,
                "params_total": 6_738_415_616,
                "params_basis": "nominal",
                "data": "AmberDatasets",
                "architecture": "decoder",
                "layers": 32,
                "width": 4096,
                "heads": 32,
                "vocabulary": 32000,
                "context": 2048,
                "batch_tokens": 2240 * 2048.0,
                "peak_learning_rate": 3e-4,
                "schedule": "cosine",
                "optimizer": "AdamW",
                "weight_decay": 0.1,
                "planned_tokens": 1259.13e9,
            }
        ),
        "checkpoints": rows[["run", "tokens"]].drop_duplicates().assign(tokens_basis="step_x_batch"),
        "metrics": rows[["run", "tokens", "task", "metric", "shots", "value", "file", "line"]].assign(
            how="as_published"
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Evaluations of LLM360 Amber-7B throughout training",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Liu et al. 2023, LLM360: Towards Fully Transparent Open-Source LLMs, arXiv:2312.06550; exports from"
        " wandb.ai/llm360, collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files=FILES,
    note="Tokens follow from the number of the checkpoint and are uncertain by .3 to .6 %.",
)
