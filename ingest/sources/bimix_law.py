"""BiMix: six mixtures of the Pile and six of SlimPajama, losses on every part throughout 200,000 steps.

The upstream files call the values "ppls", but they are logarithms: nats per token. Neither the size of the model nor
tokens a step are in the files. The column ``avg`` is the plain mean over the parts. Runs differ in data only.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

SETS = {"Pile": "bimix-pile", "SlimPajama": "bimix-slimpajama"}


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and losses, one row per published value."""
    metrics = pd.concat([_losses(raw, name) for name in SETS], ignore_index=True)
    return {
        "families": pd.DataFrame(
            {
                "family": SETS.values(),
                "data": [f"mixtures of {name}" for name in SETS],
                "metric": "loss",
                "task": [f"{name.lower()}_mean" for name in SETS],
                "split": "validation",
                "varies": "mixture",
                "related": "bimix",
                "note": "One size, which is not stated.",
            }
        ),
        "runs": pd.concat([_runs(raw, name) for name in SETS], ignore_index=True),
        "checkpoints": metrics[["run", "step"]].drop_duplicates(),
        "metrics": metrics,
    }


def _runs(raw: Path, name: str) -> pd.DataFrame:
    """Runs with their mixture in words."""
    shares = pd.read_csv(raw / f"{name}_ratios.csv").set_index("domain")
    words = {m: ", ".join(f"{part} {share:.4g}" for part, share in shares[m].items()) for m in shares}
    return pd.DataFrame(
        {
            "run": [f"{SETS[name]}/{mixture}" for mixture in words],
            "family": SETS[name],
            "recipe": list(words),
            "data": list(words.values()),
        }
    )


def _losses(raw: Path, name: str) -> pd.DataFrame:
    """Losses of the runs on one set, long."""
    file = f"{name}_losses.csv"
    table = pd.read_csv(raw / file)
    table["line"] = table.index + 2
    table["run"] = SETS[name] + "/" + table["mixture"]
    table = table.rename(columns={"global_step": "step", "avg": "mean"}).drop(columns="mixture")
    long = table.melt(["run", "step", "line"], var_name="part")
    task = long["part"].str.lower().str.replace(r"[^a-z0-9]+", "_", regex=True).str.strip("_")
    how = long["part"].eq("mean").map({True: "extracted", False: "as_published"})
    return long.drop(columns="part").assign(
        metric="loss", task=f"{name.lower()}_" + task, split="validation", how=how, file=file
    )


SOURCE = Source(
    tables=tables,
    title="BiMix: losses under six mixtures of the Pile and of SlimPajama",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="Apache-2.0",
    citation="Ge et al. 2024, BiMix: Bivariate Data Mixing Law for Language Model Pretraining, arXiv:2405.14908",
    folder="bimix-law",
    files={
        "Pile_losses.csv": "88a68e23f08261b9349ff8a0325a9925bd393cbc282fcce6572ebbdd81d13667",
        "Pile_ratios.csv": "bf131bea75219caed3949700a5c36ecb11eb39581517a3cd3959f479f23c5387",
        "SlimPajama_losses.csv": "f942dfc6182976c663e1f494f8e5d72a6c1060b59de80c97f493e325f53b6d66",
        "SlimPajama_ratios.csv": "df95c71b109efdee7e3aa4b303528bae997722f2aa4afefd99f84c03a45b9e7e",
    },
    extracted=True,
    note="Tables unpacked from pickles of a vendored copy (raw_data/bimix-law). No sizes, no tokens.",
)
