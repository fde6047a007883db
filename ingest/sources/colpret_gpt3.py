"""GPT-3: eight sizes from 125M to 175B, loss curves read off figure 4.1 of the paper, pixel by pixel.

Training and validation losses stand on different rows. A steep part of a curve gives several losses for one place on
the axis: all are kept, told apart by ``repeat``. The column called ``step`` is billions of tokens.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "raw_data/gpt3/extracted.csv"

# Brown et al. 2020 (arXiv:2005.14165), table 2.1: sizes as the paper rounds them.
SHAPES = pd.DataFrame(
    [
        ("small", 125e6, 12, 768, 12, 0.5e6, 6.0e-4),
        ("medium", 350e6, 24, 1024, 16, 0.5e6, 3.0e-4),
        ("large", 760e6, 24, 1536, 16, 0.5e6, 2.5e-4),
        ("xl", 1.3e9, 24, 2048, 24, 1e6, 2.0e-4),
        ("2.7b", 2.7e9, 32, 2560, 32, 1e6, 1.6e-4),
        ("6.7b", 6.7e9, 32, 4096, 32, 2e6, 1.2e-4),
        ("13b", 13e9, 40, 5140, 40, 2e6, 1.0e-4),
        ("175b", 175e9, 96, 12288, 96, 3.2e6, 0.6e-4),
    ],
    columns=["model", "params", "layers", "width", "heads", "batch_tokens", "peak_learning_rate"],
)


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per point of the traced curves."""
    points = pd.read_csv(raw / FILE)
    points["line"] = points.index + 2
    points["run"] = "gpt3/" + points["model"]
    points["tokens"] = points["step"] * 1e9
    metrics = points.melt(["run", "tokens", "line"], ["train_loss", "val_loss"], "which").dropna(subset="value")
    place = ["run", "tokens", "which"]
    return {
        "families": pd.DataFrame(
            {
                "family": ["gpt3"],
                "architecture": "decoder",
                "data": "GPT-3 mixture",
                "metric": "loss",
                "task": "GPT-3 mixture",
                "split": "validation",
                "related": "gpt3",
                "note": "Read off a figure; curves start at about 10 B tokens.",
            }
        ),
        "runs": SHAPES.drop(columns="model").assign(
            run="gpt3/" + SHAPES["model"],
            family="gpt3",
            recipe=SHAPES["model"],
            params_basis="nominal",
            data="GPT-3 mixture",
            architecture="decoder",
            context=2048,
            schedule="cosine",
            planned_tokens=300e9,
            warmup_tokens=375e6,
            optimizer="Adam",
            weight_decay=0.1,
        ),
        "checkpoints": metrics[["run", "tokens"]].drop_duplicates().assign(tokens_basis="digitised"),
        "metrics": metrics.assign(
            metric="loss",
            task="GPT-3 mixture",
            split=metrics["which"].map({"train_loss": "train", "val_loss": "validation"}),
            repeat=metrics.groupby(place).cumcount(),
            how="digitised",
            file=FILE,
        ).drop(columns="which"),
    }


SOURCE = Source(
    tables=tables,
    title="Loss curves of GPT-3, read off the paper's figure",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Brown et al. 2020, Language Models are Few-Shot Learners, arXiv:2005.14165;"
        " digitised by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "ea73b550de60d8b278523fa69385df0c2892546f8820aea12b4d1fe2d4f98962"},
    note="Digitised: tokens and losses carry the error of reading a figure, in steps of about .004 nats.",
)
