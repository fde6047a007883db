"""Sardana et al.: 47 trainings of six sizes, 150M to 6B, on 10 to 10,000 tokens per parameter.

The loss is a training loss smoothed over the last batches, not a held-out one. The Gauntlet's averages are centred on
chance, so that they may be negative; MMLU is plain accuracy. Sizes are rounded to three digits, and the batch is in
sequences of a length that the file does not say.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "trainingresults.csv"
# column -> metric, task, split, shots
MEASURES = {
    "Smoothed Loss": ("loss", None, "train", None),
    **{
        f"eval_gauntlet/{task}": ("centred_accuracy", f"gauntlet {task.replace('_', ' ')}", None, None)
        for task in (
            "world_knowledge",
            "reading_comprehension",
            "language_understanding",
            "commonsense_reasoning",
            "symbolic_problem_solving",
            "core_average",
        )
    },
    "mmlu_5_shot_avg": ("accuracy", "mmlu", None, 5),
}


def tables(raw: Path) -> Tables:
    """One run and one final checkpoint per line."""
    table = pd.read_csv(raw / FILE)
    table["line"] = table.index + 2
    table["recipe"] = table["Model Name"].str.lower() + "-" + table["Tokens/Params"].astype(str)
    table["run"] = "beyond-chinchilla/" + table["recipe"]
    table["tokens"] = table["Tokens"]
    metrics = table.melt(["run", "tokens", "line"], list(MEASURES), "column").dropna(subset="value")
    names = pd.DataFrame(
        [(column, *names) for column, names in MEASURES.items()],
        columns=["column", "metric", "task", "split", "shots"],
    ).astype({"shots": "Int64"})
    metrics = metrics.merge(names, on="column")
    return {
        "families": pd.DataFrame(
            {
                "family": ["beyond-chinchilla"],
                "architecture": "decoder",
                "metric": "loss",
                "split": "train",
                "related": "beyond-chinchilla",
                "note": "Smoothed training loss; the range of tokens per parameter shrinks as the size grows.",
            }
        ),
        "runs": table[["run", "recipe"]].assign(
            family="beyond-chinchilla",
            params=table["Parameters"],
            params_basis="nominal",
            planned_tokens=table["Tokens"],
            architecture="decoder",
        ),
        "checkpoints": table[["run", "tokens"]].assign(tokens_basis="reported"),
        "metrics": metrics.drop(columns="column").assign(
            how=metrics["metric"].map({"loss": "extracted"}).fillna("as_published"), file=FILE
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Trainings on 10 to 10,000 tokens per parameter",
    repository="nikhilsardana/beyond-chinchilla",
    commit="190f70e365dc75037a2b3178609d00243f24b4b9",
    retrieved=datetime.date(2025, 4, 19),
    licence="Apache-2.0",
    citation=(
        "Sardana, Portes, Doubov, Frankle 2024, Beyond Chinchilla-Optimal: Accounting for Inference in Language Model"
        " Scaling Laws, arXiv:2401.00448"
    ),
    folder="beyond-chinchilla",
    files={FILE: "76177d2804ec448cbdd183b52d058b3362ea52965bb7bc0289ba387da969a3de"},
    note="Smoothed training loss; Gauntlet scores near zero are noise; no recipe is repeated.",
)
