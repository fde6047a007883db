"""Speed-run records of a small GPT on FineWeb: 1,478 trainings, most of them repeats of one recipe.

Not a scaling grid: it shows how far equal runs differ (about .001 nats). Records are selected successes. Batch and
shape change from record to record, so that tokens are known for track 3 only (one 124M GPT, 524,288 tokens a step).
Beside byte-identical logs, two records hold the same runs again in other files, and a few compare variants under one
name. Times are of no use here and left out.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FAMILIES = {
    "track_1_short": "modded-nanogpt-short",
    "track_2_medium": "modded-nanogpt-medium",
    "track_3_optimization": "modded-nanogpt-optimizers",
}
STEP_TOKENS = 524_288  # track 3

#: Logs that hold the values of another log (a summary, a copy, the run's own standard output) and nothing else.
AGAIN = r"/final_val_loss\.txt$|/fake_log_from_seed0|20260518_soda_fade_3000_n9/(?:code_logs|batch_combined)"

#: Records of which the logs are variants to be compared, not repeats: their last losses lie ten times wider apart.
VARIANTS = (
    "2024-10-20_ScaleUp1B",
    "2024-10-29_Optimizers",
    "2024-11-06_ShortcutsTweaks",
    "2024-11-10_ScaleShortcuts",
    "2024-11-14_QuantizedFP4",
    "2024-11-24_WindowWarmup",
)


def repeated(runs: pd.DataFrame) -> pd.Series[str]:
    """Group of runs that repeat one recipe: one folder, kind of file name and last step; null for one alone."""
    path = runs["log_path"].str.replace(r"^records/track_\w+/(results/)?", "", regex=True)
    path = path.str.replace(r"/seed_\d+/", "/", regex=True)
    path = path.str.replace(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", regex=True)  # the run's own random name
    parts = path.str.extract(r"^(?P<folder>.*)/(?P<word>[A-Za-z_-]{4,})?[^/]*$")
    word = ("/" + parts["word"].str.strip("_-")).where(runs["track"] == "track_1_short").fillna("")
    group = parts["folder"] + word + "/" + runs["last_step"].astype("str")
    known = group.duplicated(keep=False) & ~runs["record"].isin(VARIANTS)
    return group.where(known)


FAMILY_ROWS = pd.DataFrame(
    {
        "family": FAMILIES.values(),
        "architecture": "decoder",
        "data": "FineWeb",
        "metric": "loss",
        "task": "FineWeb",
        "split": "validation",
        "varies": ["architecture and recipe", "architecture and recipe", "optimizer"],
        "related": "modded-nanogpt",
        "note": "Repeats and variants at one size: no scaling grid. Selected successes.",
    }
)


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and validation losses, one row per line of the logs."""
    runs = pd.read_csv(raw / "runs.csv")
    runs = runs[runs["duplicate_of"].isna() & ~runs["log_path"].str.contains(AGAIN)]
    losses = pd.read_csv(raw / "val_loss.csv", usecols=["run_id", "step", "total_steps", "val_loss"])
    losses["line"] = losses.index + 2
    planned = losses.groupby("run_id")["total_steps"].max()
    runs["planned_steps"] = runs["run_id"].map(planned).fillna(runs["last_step"]).astype("int64")
    runs["family"] = runs["track"].map(FAMILIES)
    runs["run"] = runs["family"] + "/" + runs["run_id"].astype("str")
    counted = runs["track"] == "track_3_optimization"
    logged = runs["run_id"].map(planned).notna()
    points = losses.merge(runs[["run_id", "run", "track"]], on="run_id")
    points["tokens"] = (points["step"] * STEP_TOKENS).where(points["track"] == "track_3_optimization")
    return {
        "families": FAMILY_ROWS,
        "runs": pd.DataFrame(
            {
                "run": runs["run"],
                "family": runs["family"],
                "params": runs["track"].map({"track_3_optimization": 124e6}),
                "params_basis": runs["track"].map({"track_3_optimization": "nominal"}),
                "seed": runs["seed_from_path"],
                "planned_tokens": (runs["planned_steps"] * STEP_TOKENS).where(counted & logged),
                "batch_tokens": runs["track"].map({"track_3_optimization": float(STEP_TOKENS)}),
                "replicate_group": repeated(runs),
                "recipe": runs["record"],
                "data": "FineWeb",
                "architecture": "decoder",
            }
        ),
        "checkpoints": points[["run", "step", "tokens"]].assign(
            tokens_basis=points["track"].map({"track_3_optimization": "step_x_batch"})
        ),
        "metrics": points[["run", "step", "tokens", "line"]].assign(
            metric="loss",
            task="FineWeb",
            split="validation",
            value=points["val_loss"],
            how="as_published",
            file="val_loss.csv",
        ),
    }


SOURCE = Source(
    tables=tables,
    title="modded-nanogpt speed-run records",
    repository="KellerJordan/modded-nanogpt",
    commit="f411b3d346aa52d3504324ca93c230fd84c6c07f",
    retrieved=datetime.date(2026, 8, 1),
    licence="MIT",
    citation="Jordan et al. 2024-2026, modded-nanogpt speedrun records (github.com/KellerJordan/modded-nanogpt)",
    folder="modded-nanogpt",
    files={
        "runs.csv": "012b84cc06b31dfe31777ed76bda8065351e40dd8a2de76401a98aa91df3190d",
        "val_loss.csv": "a89ac811fa9f45713855add06140e86ad03a4e0f35b3f58f56c83ae89ea443ea",
    },
    extracted=True,
    note="Validation lines cut out of the logs, which embed source code. Only successful records are published.",
)
