"""Data-constrained language models: three sizes, each on C4 or OSCAR for 1 to 44 passes over less and less data.

A family is one corpus and one number of passes; its runs have 2.8B, 4.2B and 8.7B parameters and 55, 84 and 178 billion
tokens. The column ``flops`` is inversely proportional to the tokens and is not read. The curve of OSCAR, 2.8B, 3 passes
is a copy of that of 4 passes and is dropped. On C4, 8.7B, the curves of 4 and 5 passes share their first six values.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "aggregated_eval/datablations_losses.csv"

# Muennighoff et al. 2023 (arXiv:2305.16264), appendix on hyperparameters; the spacing of readings confirms the batch.
SIZES = pd.DataFrame(
    [("2.8B", 2.8e9, 55e9, 512 * 2048.0), ("4.2B", 4.2e9, 84e9, 512 * 2048.0), ("8.7B", 8.7e9, 178e9, 1024 * 2048.0)],
    columns=["num_params", "params", "planned_tokens", "batch_tokens"],
)


def tables(raw: Path) -> Tables:
    """Families by corpus and passes, one run per size, one validation loss per checkpoint."""
    rows = pd.read_csv(raw / FILE).rename(columns={"loss": "value", "tokens_per_epoch": "unique_tokens"})
    rows["line"] = rows.index + 2
    rows["tokens"] = rows["token_num"].astype("float64")
    rows["family"] = "datablations-" + rows["data"] + "-" + rows["epochs"].astype("str") + "ep"
    rows["run"] = rows["family"] + "/" + rows["num_params"].str.lower()
    rows["data"] = rows["data"].map({"c4": "C4", "oscar": "OSCAR"})
    runs = rows[["run", "family", "num_params", "data", "epochs", "unique_tokens"]].drop_duplicates()
    families = rows[["family", "data"]].drop_duplicates()
    return {
        "families": families.assign(
            architecture="decoder",
            metric="loss",
            task=families["data"],
            split="validation",
            related="datablations",
            note="The C4 runs are also points of datablations-contour.",
        ),
        "runs": runs.merge(SIZES, on="num_params").assign(
            recipe=lambda made: made.pop("num_params"),
            params_basis="nominal",
            architecture="decoder",
            vocabulary=50257,
            context=2048,
            peak_learning_rate=2e-4,
            schedule="cosine",
            warmup_tokens=lambda made: 0.01 * made["planned_tokens"],
            optimizer="Adam",
            weight_decay=0.1,
            precision="bf16",
        ),
        "checkpoints": rows[["run", "tokens"]].assign(tokens_basis="reported"),
        "metrics": rows[["run", "tokens", "value", "line"]].assign(
            metric="loss", task=rows["data"], split="validation", how="as_published", file=FILE
        ),
    }


COPY = Correction(
    table="metrics",
    where=(
        "run = 'datablations-oscar-3ep/2.8b' and (tokens, value) in"
        " (select (tokens, value) from t where run = 'datablations-oscar-4ep/2.8b')"
    ),
    reason=(
        "the validation curve of OSCAR, 2.8B, 3 passes repeats that of 4 passes value for value (their files upstream"
        " have the same length too); its final loss lies .62 of the way from 2 to 5 passes, as 4 passes do in the other"
        " sizes (.57, .77) and 3 do not (.31, .42), so that the curve of 3 passes is the one that is lost"
    ),
    date=datetime.date(2026, 11, 21),
    rows=326,
)

SOURCE = Source(
    tables=tables,
    title="Validation losses of data-constrained language models throughout training",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Muennighoff et al. 2023, Scaling Data-Constrained Language Models, arXiv:2305.16264; collected by Choshen,"
        " Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "b3c448c2cd1a17128e06ee3120a9c377c4e2bf649e09b2446db59f98ef957b48"},
    note="Sizes are rounded as in the names of the runs.",
    corrections=(COPY,),
)
