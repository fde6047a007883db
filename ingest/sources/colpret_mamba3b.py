"""Mamba 3B of LLM360: training loss and learning rate at every fourth step of one run.

Neither tokens per step nor the data nor the number of parameters beyond "3B" are in the file, so that tokens stay null.
The log starts at 21.8, above the logarithm of any vocabulary, and ends near .9; what it is a mean over is not stated.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "aggregated_eval/llm360Mamba3B.csv"
RUN = "llm360-mamba/3b"


def tables(raw: Path) -> Tables:
    """One run, one training loss per logged step."""
    rows = pd.read_csv(raw / FILE).rename(columns={"loss": "value", "lr": "learning_rate"})
    rows["line"] = rows.index + 2
    rows["run"] = RUN
    return {
        "families": pd.DataFrame(
            {
                "family": ["llm360-mamba"],
                "architecture": "ssm",
                "metric": "loss",
                "split": "train",
                "related": "llm360",
                "note": "One size; tokens per step are not published.",
            }
        ),
        "runs": pd.DataFrame(
            {
                "run": [RUN],
                "family": "llm360-mamba",
                "params": 3e9,
                "params_basis": "nominal",
                "architecture": "ssm",
                "peak_learning_rate": rows["learning_rate"].max(),
            }
        ),
        "checkpoints": rows[["run", "step", "learning_rate"]],
        "metrics": rows[["run", "step", "value", "line"]].assign(
            metric="loss", split="train", how="as_published", file=FILE
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Training log of LLM360's Mamba 3B",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation="LLM360, wandb.ai/llm360; collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840",
    folder="colpret",
    files={FILE: "58e7cc9a916f5a96bec2d6c18c2f3fd5e364184418d8fe1af519a1b0f7a9e6bb"},
    note="Training loss of single batches, after restarts as merged by the collectors; no tokens.",
)
