"""Luo et al.: 27 curves of training loss, three sizes (25M, 100M, 400M) under nine learning-rate schedules.

The files hold step, learning rate and loss, every 128 steps after the warm-up of some 2,000. Neither parameters (the
folder's name stands in) nor tokens are in them. The WSD and two-stage curves equal a constant-rate curve digit by digit
until they leave it (at step 20,000 or 8,000; 16,000 for the WSD curves of 400M): they are branches of that run.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables, listed

FOLDER = "loss_curve_repo"
# file -> schedule (the number after wsdcon is the second rate, in 1e-5)
SCHEDULES = {
    "constant_24000": "constant",
    "constant_72000": "constant",
    "cosine_24000": "cosine",
    "cosine_72000": "cosine",
    "wsd_20000_24000": "wsd",
    "wsdld_20000_24000": "wsd-linear",
    "wsdcon_3": "two-stage",
    "wsdcon_9": "two-stage",
    "wsdcon_18": "two-stage",
}
TRUNKS = {25: "constant_72000", 100: "constant_24000", 400: "constant_24000"}


def tables(raw: Path) -> Tables:
    """One run per file."""
    runs = pd.DataFrame(
        [(size, recipe, f"{FOLDER}/csv_{size}/{recipe}.csv") for size in TRUNKS for recipe in SCHEDULES],
        columns=["size", "recipe", "file"],
    )
    runs["run"] = _run(runs["size"], runs["recipe"])
    curves = pd.concat([_curve(raw, *row) for row in runs[["file", "run"]].to_numpy()], ignore_index=True)
    trunk = _run(runs["size"], runs["size"].map(TRUNKS))
    branches = runs["recipe"].str.startswith("wsd")
    runs = runs.assign(
        family="multipower",
        params=runs["size"] * 1e6,
        params_basis="nominal",
        schedule=runs["recipe"].map(SCHEDULES),
        parent_run=trunk.where(branches),
        peak_learning_rate=3e-4,
        architecture="decoder",
    )
    return {
        "families": pd.DataFrame(
            {
                "family": ["multipower"],
                "architecture": "decoder",
                "metric": "loss",
                "split": "train",
                "related": "multipower",
                "note": "For laws of one size under several schedules: tokens are unknown, steps are not.",
            }
        ),
        "runs": runs.drop(columns=["size", "file"]),
        "checkpoints": curves[["run", "step", "lr"]].rename(columns={"lr": "learning_rate"}),
        "metrics": curves.rename(columns={"loss": "value"})
        .drop(columns="lr")
        .assign(metric="loss", split="train", how="as_published"),
    }


def _run(size: pd.Series, recipe: pd.Series) -> pd.Series:
    return "multipower/" + size.astype(str) + "m-" + recipe


def _curve(raw: Path, file: str, run: str) -> pd.DataFrame:
    curve = pd.read_csv(raw / file)
    return curve.assign(run=run, file=file, line=curve.index + 2)


SOURCE = Source(
    tables=tables,
    title="Curves of training loss under nine learning-rate schedules",
    repository="thu-yao-01-luo/MultiPowerLaw",
    commit="8da9f1902602f3391b971a811e3cc51604541769",
    retrieved=datetime.date(2025, 3, 18),
    licence="MIT",
    citation=(
        "Luo et al. 2025, A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules, arXiv:2503.12811"
    ),
    folder="multipower",
    files=listed(__file__),
    note="Training loss; steps only, sizes as the folders name them.",
)
