"""Language models of 4.2B parameters on nine mixtures of C4 and Python, one pass over 84 billion tokens.

The column ``Seed`` is no seed: it tells two validation sets of one run apart (the tensorboard is the same), 1 being C4
and 2 Python; a loss of .6 is a loss on Python. The column ``epochs`` is the share of C4 in percent, and ``flops`` goes
down as the tokens go up: neither is read as what it is called.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "aggregated_eval/datablations_code_losses.csv"
FAMILY = "datablations-code"

#: Two validation sets: ``validation`` and ``validation_python`` in utils/datapaths/valc4py.txt of
#: github.com/huggingface/datablations; the collectors' reader calls them general and code losses.
SETS = {1: "C4", 2: "Python"}


def tables(raw: Path) -> Tables:
    """One run per mixture, losses on two validation sets per checkpoint."""
    rows = pd.read_csv(raw / FILE).rename(columns={"loss": "value"})
    rows["line"] = rows.index + 2
    rows["tokens"] = rows["token_num"].astype("float64")
    rows["run"] = FAMILY + "/c4-" + rows["epochs"].astype("str")
    share = rows[["run", "epochs"]].drop_duplicates()
    c4, python = share["epochs"].astype("str"), (100 - share["epochs"]).astype("str")
    return {
        "families": pd.DataFrame(
            {
                "family": [FAMILY],
                "varies": "mixture",
                "architecture": "decoder",
                "data": "C4, Python",
                "metric": "loss",
                "task": "C4",
                "split": "validation",
                "related": "datablations",
                "note": "One size; the runs differ in the share of C4 in the mixture, not in scale.",
            }
        ),
        # Muennighoff et al. 2023 (arXiv:2305.16264), appendix on hyperparameters; no text is repeated.
        "runs": pd.DataFrame(
            {
                "run": share["run"],
                "recipe": "4b284b84b" + c4 + "c4py",
                "data": "C4 " + c4 + "%, Python " + python + "%",
            }
        ).assign(
            family=FAMILY,
            params=4.2e9,
            params_basis="nominal",
            architecture="decoder",
            vocabulary=50257,
            context=2048,
            batch_tokens=512 * 2048.0,
            peak_learning_rate=2e-4,
            schedule="cosine",
            warmup_tokens=0.84e9,
            planned_tokens=84e9,
            unique_tokens=84e9,
            epochs=1.0,
            optimizer="Adam",
            weight_decay=0.1,
            precision="bf16",
        ),
        "checkpoints": rows[["run", "tokens"]].drop_duplicates().assign(tokens_basis="reported"),
        "metrics": rows[["run", "tokens", "value", "line"]].assign(
            metric="loss", task=rows["Seed"].map(SETS), split="validation", how="as_published", file=FILE
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Validation losses of language models on mixtures of text and code",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Muennighoff et al. 2023, Scaling Data-Constrained Language Models, arXiv:2305.16264; collected by Choshen,"
        " Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "6e93a1d6842c0699f0492450e433733f706f3c7db6a4385d4c571f6b4aaf257e"},
    note="Nine runs, not eighteen: what the file calls seeds are two validation sets.",
)
