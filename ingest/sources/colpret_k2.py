"""LLM360 K2-65B: training loss of one run, as sampled by the export from Weights & Biases.

``Step`` goes in multiples of 2,040, as if it counted sequences: it is divided by 2,040 into optimiser steps. Tokens
stay null: the model card's 1.4 T do not follow from the steps (2,040 sequences of 2,048 tokens give 1.01 T), and those
of the collectors' ``K2.csv`` are a straight line from 0 to 1.4 T. The evaluations stand at numbers of checkpoints, and
their place in training is not published: they are left out, as are the points in ``training spikes``.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "raw_data/lm360/K2/wandb_export_2024-06-21T08_59_51.273-04_00.csv"
RUN = "k2/65b"
SEQUENCES = 2040


def tables(raw: Path) -> Tables:
    """One run, one training loss per exported step."""
    log = pd.read_csv(raw / FILE).rename(columns={"k2 training - lm loss": "value"})
    log["line"] = log.index + 2
    rows = log[["Step", "value", "line"]].dropna(subset="value").assign(run=RUN)
    rows["step"] = rows.pop("Step") // SEQUENCES
    return {
        "families": pd.DataFrame(
            {
                "family": ["k2"],
                "architecture": "decoder",
                "data": "K2 mixture",
                "metric": "loss",
                "task": "K2 mixture",
                "split": "train",
                "related": "llm360",
                "note": "One size; tokens are not published with the log.",
            }
        ),
        # config.json of huggingface.co/LLM360/K2 and its model card; the total is that of LLaMA 65B with 32,032 tokens.
        "runs": pd.DataFrame(
            {
                "run": [RUN],
                "family": "k2",
                "params": 65e9,
                "params_total": 65_286_184_960,
                "params_basis": "nominal",
                "data": "K2 mixture",
                "architecture": "decoder",
                "layers": 80,
                "width": 8192,
                "heads": 64,
                "vocabulary": 32032,
                "context": 2048,
                "planned_tokens": 1.4e12,
            }
        ),
        "checkpoints": rows[["run", "step"]],
        "metrics": rows.assign(metric="loss", task="K2 mixture", split="train", how="as_published", file=FILE),
    }


SOURCE = Source(
    tables=tables,
    title="Training log of LLM360 K2-65B",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Liu et al. 2025, LLM360 K2, arXiv:2501.07124; log from wandb.ai/llm360, collected by Choshen, Zhang, Andreas"
        " 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "09f35b56676e170f13fb6d2f2971a9e55598a675446aa3f57976a033af16c7e1"},
    note="A sample of 10,000 of about 243,000 steps; without tokens.",
)
