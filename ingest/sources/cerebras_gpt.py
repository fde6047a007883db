"""Cerebras-GPT: seven sizes on 20 tokens per parameter, five of them also with muP, and Pythia measured alike.

Figures of the paper's tables and of the model cards, quoted by third parties. Paper and card disagree on five of seven
losses: both stand here as evaluation sets of their own, and the canonical one is the paper's, which the published law
was fitted to. FLOPs are the authors' count, not 6 N D. Pythia's losses in the paper are converted to the GPT-2
vocabulary; those of its own logs are another split under its own tokeniser. The 1.4B-deduped, 1.889, lies off its
family's trend.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "cerebras_gpt.csv"
# column -> metric, task, split, shots
MEASURES = {
    "pile_test_loss_paper": ("loss", "Pile", "test", None),
    "pile_test_loss_card": ("loss", "Pile, model card", "test", None),
    "pile_val_loss_wandb": ("loss", "Pile, Pythia's logs", "validation", None),
    "zero_shot_avg_paper": ("accuracy", "mean of seven tasks", None, 0),
}
FAMILIES = pd.DataFrame(
    [
        ("cerebras-gpt", "Pile", "cerebras-gpt", None),
        ("cerebras-gpt-mup", "Pile", "cerebras-gpt", "Sizes of cerebras-gpt with maximal update parametrisation."),
        ("cerebras-pythia", "Pile", "pythia", "The Pythia models, measured again; GPT-2 vocabulary."),
        (
            "cerebras-pythia-deduped",
            "Pile, deduplicated",
            "pythia",
            "The Pythia models, measured again; GPT-2 vocabulary.",
        ),
    ],
    columns=["family", "data", "related", "note"],
)


def tables(raw: Path) -> Tables:
    """One run and one final checkpoint per line."""
    table = pd.read_csv(raw / FILE)
    table["line"] = table.index + 2
    deduped = table["train_corpus"] == "pile-deduped"
    table["family"] = (
        table["suite"].replace("pythia", "cerebras-pythia")
        + (table["parametrization"] == "muP").map({True: "-mup", False: ""})
        + deduped.map({True: "-deduped", False: ""})
    )
    size = table["model"].str.extract(r"-([\d.]+[MB])", expand=False).str.lower()
    table["run"] = table["family"] + "/" + size
    table["step"] = table["steps"]
    table["tokens"] = table["tokens"].astype(float)
    table["flops"] = table["flops"].where(~deduped)  # the paper gives them for the plain suite only
    metrics = table.melt(["run", "step", "tokens", "line"], list(MEASURES), "column").dropna(subset="value")
    names = pd.DataFrame(
        [(column, *names) for column, names in MEASURES.items()],
        columns=["column", "metric", "task", "split", "shots"],
    ).astype({"shots": "Int64"})
    metrics = metrics.merge(names, on="column")
    converted = metrics["run"].str.startswith("cerebras-pythia") & (metrics["column"] == "pile_test_loss_paper")
    return {
        "families": FAMILIES.assign(architecture="decoder", metric="loss", task="Pile", split="test"),
        "runs": _runs(table),
        "checkpoints": table[["run", "step", "tokens", "flops"]].assign(
            tokens_basis="step_x_batch", flops_basis=table["flops"].map(lambda f: "reported", na_action="ignore")
        ),
        "metrics": metrics.drop(columns="column").assign(
            how=converted.map({True: "extracted", False: "as_published"}), file=FILE
        ),
    }


def _runs(table: pd.DataFrame) -> pd.DataFrame:
    """One row per model; the 13B changed its batch in mid-run."""
    batch = table["batch_size_seqs"] * table["seq_len"].astype(float)
    return pd.DataFrame(
        {
            "run": table["run"],
            "family": table["family"],
            "recipe": table["model"],
            "data": table["family"].map(FAMILIES.set_index("family")["data"]),
            "params": table["n_params_total"].astype(float),
            "params_total": table["n_params_total"].astype(float),
            "params_non_embedding": table["n_params_nonembedding"].astype(float),
            "params_basis": "total",
            "layers": table["n_layers"],
            "width": table["d_model"],
            "context": table["seq_len"],
            "batch_tokens": batch.where(batch * table["steps"] == table["tokens"]),
            "planned_tokens": table["tokens"],
            "peak_learning_rate": table["max_lr"],
            "schedule": table["lr_schedule"],
            "architecture": "decoder",
        }
    )


SOURCE = Source(
    tables=tables,
    title="Losses of Cerebras-GPT, of its muP models and of Pythia, from paper and model cards",
    repository="Cerebras/modelzoo",
    commit="f1fd1e091dc67917b91ec213ecd63e48fd144477",
    retrieved=datetime.date(2026, 3, 11),
    licence="Apache-2.0",
    citation=(
        "Dey et al. 2023, Cerebras-GPT: Open Compute-Optimal Language Models Trained on the Cerebras Wafer-Scale"
        " Cluster, arXiv:2304.03208; Biderman et al. 2023, Pythia, arXiv:2304.01373"
    ),
    folder="cerebras-gpt",
    files={FILE: "1b66a2f85014360a0fc55cb21fca85cf0e963c2b0940f2f194ea6ff3633d7b62"},
    extracted=True,
    note="Figures of the paper and the cards (facts), quoted second hand; shapes and steps from the configurations.",
)
