"""Chinchilla: 245 runs of Hoffmann et al., size, compute and loss recovered from the vectors of a figure by Epoch AI.

Every point is the end of a run of its own. Sizes are kept as digitised (half of them within .03 % of table A9, all
within .6 %): rounding them to 1e7, as the reference analysis does, moves the fit. Losses are a colour scale read back
in steps of about .01 nats. Tokens are not in the file: D = C / (6 N). The five highest losses, usually left out of a
fit, are here.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "raw_data/chinchila_extracted.csv"
FAMILY = "chinchilla-digitised"


def tables(raw: Path) -> Tables:
    """One run with one checkpoint and one loss per line of the file."""
    points = pd.read_csv(raw / FILE).rename(columns={"Model Size": "params", "Training FLOP": "flops", "loss": "value"})
    points["line"] = points.index + 2
    points["run"] = FAMILY + "/line-" + points["line"].astype(str)
    points["tokens"] = points["flops"] / (6 * points["params"])
    return {
        "families": pd.DataFrame(
            {
                "family": [FAMILY],
                "architecture": "decoder",
                "data": "MassiveText",
                "metric": "loss",
                "task": "MassiveText",
                "split": "train",
                "related": "chinchilla",
                "note": "Read off a figure: tokens are FLOPs / (6 N); losses are colours, in steps of .01 nats.",
            }
        ),
        # Hoffmann et al. 2022 (arXiv:2203.15556), appendix F and section 3: N counts embeddings; cosine to a tenth.
        "runs": points[["run", "params"]].assign(
            family=FAMILY,
            params_total=points["params"],
            params_basis="total",
            data="MassiveText",
            architecture="decoder",
            schedule="cosine",
        ),
        "checkpoints": points[["run", "tokens", "flops"]].assign(tokens_basis="flops/6n", flops_basis="digitised"),
        "metrics": points[["run", "tokens", "value", "line"]].assign(
            metric="loss", task="MassiveText", split="train", how="digitised", file=FILE
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Runs of Chinchilla, recovered from a figure by Epoch AI",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Hoffmann et al. 2022, Training Compute-Optimal Large Language Models, arXiv:2203.15556; digitised by Besiroglu"
        " et al. 2024, Chinchilla Scaling: A Replication Attempt, arXiv:2404.10102; collected by Choshen, Zhang,"
        " Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30"},
    note="Digitised. The licence is that of the collecting repository; the digitisers' own carries none.",
)
