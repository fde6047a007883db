"""Grammars of five complexities: six sizes (4M to 1.4B) on five amounts of a synthetic language each, one pass.

The languages are probabilistic grammars, named by how far gzip shrinks their text; losses of two of them cannot be
compared. ``train_loss`` holds one value a step (32 sequences of 256 tokens fill the run's tokens in that many).
``valid_loss`` holds two or four batches measured after the training, not moments of it: they are told apart by
``repeat``, and their mean is the run's final loss. Sizes count two embedding matrices, most of the smallest models.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "raw_data/gzip/results_new.jsonl"


def tables(raw: Path) -> Tables:
    """One run per line of the file, one row per value of its two lists."""
    runs = pd.read_json(raw / FILE, lines=True, precise_float=True)
    runs["line"] = runs.index + 1
    shape = pd.json_normalize(runs["model_stats"].to_list())
    runs["language"] = "pcfg-gzip-" + runs["dataset_name"].str.extract(r"gzipscale-([\d.]+)-", expand=False)
    runs["run"] = runs["language"] + "/w" + (shape["hidden_size"].astype("str") + "-" + runs["token_ct"].astype("str"))
    runs["tokens"] = (runs["token_ct"] * runs["num_epochs"]).astype("float64")
    runs["last_step"] = runs["train_loss"].str.len()
    metrics = pd.concat([_train(runs), _validation(runs)], ignore_index=True)
    languages = runs["language"].drop_duplicates()
    return {
        "families": pd.DataFrame(
            {
                "family": languages,
                "architecture": "decoder",
                "data": languages,
                "metric": "loss",
                "task": languages,
                "split": "validation",
                "related": "pcfg-gzip",
                "note": "A synthetic language, at most 9.5 M tokens.",
            }
        ),
        "runs": pd.DataFrame(
            {
                "run": runs["run"],
                "family": runs["language"],
                "params": runs["model_size"],
                "params_total": runs["model_size"],
                "params_non_embedding": runs["model_size"] - 2 * shape["vocab_size"] * shape["hidden_size"],
                "params_basis": "total",
                "planned_tokens": runs["tokens"],
                "unique_tokens": runs["token_ct"],
                "epochs": runs["num_epochs"],
                "data": runs["language"],
                "architecture": "decoder",
                "layers": shape["num_hidden_layers"],
                "width": shape["hidden_size"],
                "heads": shape["num_attention_heads"],
                "vocabulary": shape["vocab_size"],
                "context": shape["max_position_embeddings"],
            }
        ),
        "checkpoints": metrics[["run", "step", "tokens"]]
        .drop_duplicates()
        .assign(tokens_basis=lambda c: c["tokens"].notna().map({True: "reported", False: None})),
        "metrics": metrics.drop(columns=["last_step", "language"]),
    }


def _train(runs: pd.DataFrame) -> pd.DataFrame:
    """Losses of the steps; tokens are stated for the last one only."""
    long = _long(runs, "train_loss", "train")
    long["step"] = long.groupby("run").cumcount() + 1
    return long.assign(tokens=long["tokens"].where(long["step"] == long["last_step"]), repeat=0)


def _validation(runs: pd.DataFrame) -> pd.DataFrame:
    """Losses of the batches measured at the end."""
    long = _long(runs, "valid_loss", "validation")
    return long.assign(step=long["last_step"], repeat=long.groupby("run").cumcount())


def _long(runs: pd.DataFrame, key: str, split: str) -> pd.DataFrame:
    long = runs[["run", "language", "tokens", "last_step", "line", key]].explode(key, ignore_index=True)
    return long.rename(columns={key: "value"}).assign(
        value=lambda rows: rows["value"].astype("float64"),
        metric="loss",
        task=long["language"],
        split=split,
        how="as_published",
        file=FILE,
        key=key,
    )


SOURCE = Source(
    tables=tables,
    title="Language models of synthetic grammars, by how far gzip compresses them",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Pandey 2024, gzip Predicts Data-dependent Scaling Laws, arXiv:2405.16684;"
        " collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "2273d445e1f361cde456955f2ed72357ace62ef668193829269cb92c6cab7ada"},
    note="Synthetic languages. Three more files of the same study are missing upstream.",
)
