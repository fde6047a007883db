"""RedPajama-INCITE: training loss of the 3B and 7B models, read off a figure of Together's blog.

The files have no header: billions of tokens, loss. They are called 2.4B and 6.7B, but the models have 2.8B and 6.9B
parameters (the names of the repositories; GPT-NeoX with the shapes of Pythia). The readings are not in order; six of
the smaller model and one of the larger lie on something else in the figure and are dropped.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FAMILY = "redpajama-incite"
TASK = "RedPajama-Data-1T"

# config.json and model cards of togethercomputer/RedPajama-INCITE-Base-3B-v1 and RedPajama-INCITE-7B-Base. The card of
# the 3B model says 800 B tokens; its curve goes on to 841 B, so that its plan is left open.
MODELS = pd.DataFrame(
    [
        ("raw_data/redPajama/2.4B.csv", "2.8b", 2.8e9, 2775864320, 32, 2560, 1.6e-4, None),
        ("raw_data/redPajama/6.7B.csv", "6.9b", 6.9e9, 6857302016, 32, 4096, 1.2e-4, 1.001e12),
    ],
    columns=["file", "size", "params", "params_total", "layers", "width", "peak_learning_rate", "planned_tokens"],
)


def tables(raw: Path) -> Tables:
    """Two runs, one training loss per reading."""
    files = [pd.read_csv(raw / f, names=["x", "value"], skipinitialspace=True).assign(file=f) for f in MODELS["file"]]
    rows = pd.concat([f.assign(line=f.index + 1) for f in files], ignore_index=True)
    rows["run"] = FAMILY + "/" + rows["file"].map(MODELS.set_index("file")["size"])
    rows["tokens"] = rows["x"] * 1e9
    return {
        "families": pd.DataFrame(
            {
                "family": [FAMILY],
                "architecture": "decoder",
                "data": "RedPajama-Data-1T",
                "metric": "loss",
                "task": TASK,
                "split": "train",
                "related": "redpajama-incite",
                "note": "Two sizes; training losses read off a figure.",
            }
        ),
        "runs": MODELS.drop(columns=["file", "size"]).assign(
            run=FAMILY + "/" + MODELS["size"],
            family=FAMILY,
            recipe=["RedPajama-INCITE-Base-3B-v1", "RedPajama-INCITE-7B-Base"],
            params_basis="nominal",
            data="RedPajama-Data-1T",
            architecture="decoder",
            heads=32,
            vocabulary=50432,
            context=2048,
            batch_tokens=4e6,
            optimizer="Apex FusedAdam",
        ),
        "checkpoints": rows[["run", "tokens"]].assign(tokens_basis="digitised"),
        "metrics": rows.drop(columns="x").assign(metric="loss", task=TASK, split="train", how="digitised"),
    }


def _stray(table: str, where: str, reason: str, rows: int) -> Correction:
    return Correction(table=table, where=where, reason=reason, date=datetime.date(2026, 11, 21), rows=rows)


_LINE = "six readings beyond 835 B tokens are 2.325911247980614 each, .25 above the curve: another line of the figure"
_LONE = "one reading at 713 B tokens is 2.41, between neighbours of 1.951 and 1.947: not on the curve"

SOURCE = Source(
    tables=tables,
    title="Loss curves of RedPajama-INCITE, read off a figure",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Together 2023, Releasing 3B and 7B RedPajama-INCITE family of models, together.ai/blog/redpajama-models-v1;"
        " digitised by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={
        "raw_data/redPajama/2.4B.csv": "04b3c24889a84751905cfee87d32f84a2829b554a2a0444cf1b1738bc4f7109f",
        "raw_data/redPajama/6.7B.csv": "018e2524de1f4c3d1d30797708c96e918890adc42f8009df133af1ef8dacc292",
    },
    note="Digitised. Sizes are those of the released models, not those in the names of the files.",
    corrections=(
        _stray(
            "checkpoints",
            f"run = '{FAMILY}/2.8b' and round(tokens / 1e9) in (836, 848, 860, 872, 884, 891)",
            _LINE,
            rows=6,
        ),
        _stray("metrics", f"run = '{FAMILY}/2.8b' and value = 2.325911247980614", _LINE, rows=6),
        _stray("checkpoints", f"run = '{FAMILY}/6.9b' and round(tokens / 1e9) = 713", _LONE, rows=1),
        _stray("metrics", f"run = '{FAMILY}/6.9b' and tokens > 700e9 and value > 2.4", _LONE, rows=1),
    ),
)
