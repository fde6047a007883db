"""Language models of "Revisiting Neural Scaling Laws": five sizes from 17M to 1.07B throughout training.

The losses are no nats: those of every model are rescaled so that its first one is .999, and can be compared within a
run only. Every row stands in the file four times. The rows of other domains (translation, BIG-bench errors) are not
language-model losses and are not read.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "aggregated_eval/revisiting_lang.csv"
FAMILY = "lamda-lm"

SIZES = {"1.68e+07": "17m", "1.34e+08": "134m", "2.62e+08": "262m", "4.53e+08": "453m", "1.07e+09": "1.07b"}


def tables(raw: Path) -> Tables:
    """One run per size, one relative loss per checkpoint."""
    rows = pd.read_csv(raw / FILE, dtype={"Model": "str"})
    rows["line"] = rows.index + 2
    rows = rows[rows["Domain"] == "LM"].drop_duplicates(["Model", "Seen Examples", "Loss"])
    rows = rows.rename(columns={"Seen Examples": "tokens", "Loss": "value"})
    rows["run"] = FAMILY + "/" + rows["Model"].map(SIZES)
    return {
        "families": pd.DataFrame(
            {
                "family": [FAMILY],
                "architecture": "decoder",
                "related": "lamda",
                "note": "Losses relative to each run's first: no law across sizes can be fitted to them.",
            }
        ),
        "runs": pd.DataFrame(
            {
                "run": [f"{FAMILY}/{size}" for size in SIZES.values()],
                "family": FAMILY,
                "params": [float(model) for model in SIZES],
                "params_basis": "nominal",
                "architecture": "decoder",
                "recipe": list(SIZES),
            }
        ),
        "checkpoints": rows[["run", "tokens"]].assign(tokens_basis="reported"),
        "metrics": rows[["run", "tokens", "value", "line"]].assign(
            metric="relative_loss", split="validation", how="extracted", file=FILE
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Learning curves of language models, relative to their first point",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Alabdulmohsin, Neyshabur, Zhai 2022, Revisiting Neural Scaling Laws in Language and Vision, arXiv:2209.06640;"
        " collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "63c346db00a66b692e1ea9a0f71a2f2b267e55f74be5b863a92e199dffbf0983"},
    note="Relative losses. Tokens are the authors' 'seen examples or tokens', batch times steps.",
)
