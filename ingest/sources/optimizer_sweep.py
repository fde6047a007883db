"""Eleven optimisers at four sizes and up to five budgets: the best loss of each cell's sweep on C4 (Paloma).

A value is the smallest of a sweep with one seed: optimistic, and more so where more runs were made. The run that
reached it has the listed configuration ("baseline"), that with one setting changed, or another one that is not
published: then its settings are null. Listed configurations that were not the best are a family of their own.
Tokens are 20 x ratio x size without embeddings (real runs round down to whole steps).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "optimizer_sweep.csv"
CONTEXT = 4096  # batches are counted in sequences of this length
WIDTHS = {"130m": 512, "300m": 768, "520m": 1024, "1.2b": 1536}  # 32 layers each
LISTED = "optimizer-sweep-listed"
NAMES = {"soape": "SOAP", "mini": "Adam-mini", "cautious": "cautious AdamW"}  # others are called as in the file
SETTINGS = ["learning_rate", "weight_decay", "train_batch_size", "warmup"]


def tables(raw: Path) -> Tables:
    """One run, checkpoint and loss per cell, and one more where the listed configuration is another run."""
    cells = pd.read_csv(raw / FILE)
    cells["line"] = cells.index + 2
    cells["cell"] = cells["size_label"] + "-" + cells["chinchilla_ratio"].astype("str") + "x"
    best = _best_settings(cells).assign(family="optimizer-sweep-" + cells["optimizer"], value=cells["min_loss"])
    best["run"] = best["family"] + "/" + best["cell"]
    listed = cells[cells["listed_config_loss"].notna() & (cells["min_loss_at"] != "baseline")]
    listed = listed.assign(family=LISTED, value=listed["listed_config_loss"])
    listed["run"] = LISTED + "/" + listed["optimizer"] + "-" + listed["cell"]
    rows = pd.concat([best, listed], ignore_index=True)
    families = rows["family"].drop_duplicates()
    notes = {LISTED: "Runs of listed configurations that were not the best of their sweep."}
    return {
        "families": pd.DataFrame(
            {
                "family": families,
                "architecture": "decoder",
                "metric": "loss",
                "task": "paloma_c4_en",
                "split": "validation",
                "varies": families.map({LISTED: "optimizer and settings"}),
                "related": "marin-optimizers",
                "note": families.map(notes).fillna("Best of a sweep per cell, one seed: optimistic."),
            }
        ),
        "runs": _runs(rows),
        "checkpoints": rows[["run", "tokens"]].assign(tokens_basis="planned"),
        "metrics": rows[["run", "tokens", "value", "line"]].assign(
            metric="loss", task="paloma_c4_en", split="validation", how="as_published", file=FILE
        ),
    }


def _best_settings(cells: pd.DataFrame) -> pd.DataFrame:
    """Settings of the best run: as listed, with the one that was changed, or null where the run is not published."""
    changed = cells["min_loss_at"].str.extract(r"^(?P<setting>\w+)=(?P<value>.+)$")
    unknown = cells["min_loss_at"] == "other run"
    done = cells.copy()
    for setting in SETTINGS:
        here = changed["setting"] == setting
        listed = cells[f"cfg_{setting}"].astype("float64")
        done[f"cfg_{setting}"] = listed.mask(here, pd.to_numeric(changed["value"].where(here))).mask(unknown)
    return done.assign(cfg_lr_schedule=cells["cfg_lr_schedule"].mask(unknown))


def _runs(rows: pd.DataFrame) -> pd.DataFrame:
    batch = rows["cfg_train_batch_size"] * CONTEXT
    return pd.DataFrame(
        {
            "run": rows["run"],
            "family": rows["family"],
            "params": rows["n_params_nonembedding"],
            "params_non_embedding": rows["n_params_nonembedding"],
            "params_basis": "non-embedding",
            "planned_tokens": rows["tokens"],
            "layers": 32,
            "width": rows["size_label"].map(WIDTHS),
            "context": CONTEXT,
            "batch_tokens": batch,
            "peak_learning_rate": rows["cfg_learning_rate"],
            "warmup_tokens": rows["cfg_warmup"] * batch,
            "weight_decay": rows["cfg_weight_decay"],
            "schedule": rows["cfg_lr_schedule"],
            "optimizer": rows["optimizer"].replace(NAMES),
            "recipe": rows["cell"],
            "architecture": "decoder",
        }
    )


SOURCE = Source(
    tables=tables,
    title="Sweeps of eleven optimisers (Marin)",
    repository="marin-community/marin",
    commit="229375800f1fc74c2c059f7dbbac1b4b151a3155",
    retrieved=None,
    licence="Apache-2.0",
    citation="Wen et al. 2025, Fantastic Pretraining Optimizers and Where to Find Them, arXiv:2509.02046; Marin",
    folder="optimizer-sweep",
    files={FILE: "3fde4258319c0455149f3cbf7a41e4de53a8c4147a33682a701867063f216cea"},
    extracted=True,
    note="Transcribed from 150 result files. Licence by the SPDX headers; day of the commit unknown.",
)
