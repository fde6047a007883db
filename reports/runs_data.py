"""The runs that a report rests on: what was read, and what was assumed."""

from __future__ import annotations

import pandas as pd

from scalebook.analysis.bases import named
from scalebook.analysis.briefing import Briefing
from scalebook.analysis.designs import between, ratios
from scalebook.analysis.finding import STYLES, Evidence, Shown

from .figures import loss_curves
from .report import Block, Figure, Text
from .sections import grid_of

#: More runs than this are told by their size.
MOST_RUNS = 40


def written_target(known: Briefing) -> str:
    """The target as people say it."""
    return f"{STYLES['si'](known.target.params)} parameters on {STYLES['si'](known.target.tokens)} tokens"


def facts(known: Briefing) -> Evidence:
    """What is in the file, one fact a line."""
    points = known.points
    last = points.where(points.final)
    si = STYLES["si"]
    told = {
        "runs": STYLES["count"](len(points.runs)),
        "checkpoints": STYLES["count"](len(points)),
        "sizes": STYLES["count"](known.forecasts.sizes),
        "smallest and largest size": f"{si(points.sizes[0])} to {si(points.sizes[-1])} parameters",
        "longest run": f"{si(last['tokens'].max())} tokens",
        "tokens per parameter at the end": between(last["tokens"] / last["params"]),
        "tokens per parameter after the transient": between(ratios(points)),
        "compute so far, by 6 N D": f"{6 * float((last['params'] * last['tokens']).sum()):.3g} FLOP",
        "lowest loss": f"{points['loss'].min():.4f} {points.unit}",
        "sizes count": named(points, "params_basis") or "not stated",
    }
    rows = pd.DataFrame({"fact": list(told), "value": list(told.values())})
    return Evidence(rows, {"fact": Shown("fact"), "value": Shown("value")})


def blocks(known: Briefing) -> list[Block]:
    """Facts, notes, curves, and every run."""
    points = known.points
    table = pd.DataFrame({name: points[name] for name in ("run", "params", "tokens", "loss")})
    found: list[Block] = [grid_of(facts(known), "What was read.")]
    if known.notes:
        notes = pd.DataFrame({"note": list(dict.fromkeys(known.notes))})
        found.append(grid_of(Evidence(notes, {"note": Shown("note")}), "What reading it had to say, and assumptions."))
    drawn = loss_curves.draw(table, points.unit)
    found.append(Figure("Loss along training, one line for each run.", drawn, "Loss curves of the runs"))
    return [*found, *_runs(known)]


def _runs(known: Briefing) -> list[Block]:
    """One line for each run, or for each size."""
    points = known.points
    ended = points.where(points.final)
    counts = pd.Series(points["run"]).value_counts()
    rows = pd.DataFrame({name: ended[name] for name in ("run", "params", "tokens", "loss")})
    rows = rows.drop_duplicates("run").assign(
        ratio=lambda r: r["tokens"] / r["params"], checkpoints=lambda r: r["run"].map(counts)
    )
    columns = {
        "run": Shown("run"),
        "params": Shown("parameters", "si"),
        "tokens": Shown("tokens", "si"),
        "ratio": Shown("tokens per parameter", "si"),
        "checkpoints": Shown("checkpoints", "count"),
        "loss": Shown(f"last loss [{points.unit}]", "ratio"),
    }
    if len(rows) <= MOST_RUNS:
        return [grid_of(Evidence(rows, columns), "One line for each run.")]
    sized = rows.groupby("params").agg(
        runs=("run", "size"), shortest=("tokens", "min"), longest=("tokens", "max"), best=("loss", "min")
    )
    columns = {
        "params": Shown("parameters", "si"),
        "runs": Shown("runs", "count"),
        "shortest": Shown("shortest [tokens]", "si"),
        "longest": Shown("longest [tokens]", "si"),
        "best": Shown(f"lowest last loss [{points.unit}]", "ratio"),
    }
    table = sized.reset_index()
    told = Text("There are many runs: they are told by size.")
    return [told, grid_of(Evidence(table, columns), "One line for each size.")]
