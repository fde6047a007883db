"""Gadre et al., grid search: 435 small models of many shapes on 20 tokens per parameter, from which they chose theirs.

One loss per name such as ``d=96_l=8_h=4-8-0.003-0.033-8-211386240-100-3e-05``: width, layers, heads, batch, rate,
weight decay, batch again, tokens, warm-up steps, final rate. Neither the training data nor the evaluation set is named,
and the batch is not that of the final models (8 here, 64 sequences there for the smallest): it stays in the recipe.
Parameters are tokens / 20, which equals the count from the shape wherever the width divides by the heads.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd

from scalebook.corpus.errors import BrokenSource

from ..source import Source, Tables

FILE = "exp_data/grid.json"
NAME = (
    r"d=(?P<width>\d+)_l=(?P<layers>\d+)_h=(?P<heads>\d+)-\d+-(?P<peak_learning_rate>[\d.]+)-(?P<weight_decay>[\d.]+)"
    r"-\d+-(?P<tokens>\d+)-\d+-[\de.-]+"
)
CONTEXT, VOCABULARY = 2048, 50_432


def tables(raw: Path) -> Tables:
    """One run, one final checkpoint and one loss per line."""
    losses = json.loads((raw / FILE).read_text(encoding="utf-8"))
    names = pd.Series(list(losses), name="recipe")
    strange = names[~names.str.fullmatch(NAME)]
    if len(strange):
        raise BrokenSource(f"gadre-grid: {strange.iloc[0]} is not a name of the grid")
    said = names.str.extract(NAME).astype(float)
    grid = pd.DataFrame(
        {
            "run": "gadre-grid/" + names,
            "tokens": said["tokens"],
            "value": list(losses.values()),
            "line": names.index + 2,
        }
    )
    whole = said[["width", "layers", "heads"]].astype(int)
    return {
        "families": pd.DataFrame(
            {
                "family": ["gadre-grid"],
                "architecture": "decoder",
                "related": "gadre",
                "note": "Many shapes and warm-ups, one loss each on a set that is not named: not one recipe.",
            }
        ),
        "runs": said[["peak_learning_rate", "weight_decay"]].assign(
            **whole,
            run=grid["run"],
            family="gadre-grid",
            recipe=names,
            params=said["tokens"] / 20,
            params_total=said["tokens"] / 20,
            params_basis="total",
            planned_tokens=said["tokens"],
            context=CONTEXT,
            vocabulary=VOCABULARY,
            optimizer="AdamW",
            schedule="cosine",
            architecture="decoder",
        ),
        "checkpoints": grid[["run", "tokens"]].assign(tokens_basis="planned"),
        "metrics": grid.assign(metric="loss", how="as_published", file=FILE),
    }


SOURCE = Source(
    tables=tables,
    title="Grid search behind the over-training test bed: 435 small models",
    repository="mlfoundations/scaling",
    commit="a003c4913793ac2ae7ef87b28ecb562955d026d5",
    retrieved=datetime.date(2024, 4, 1),
    licence="MIT",
    citation=(
        "Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks, arXiv:2403.08540"
    ),
    folder="gadre-overtrain",
    files={FILE: "ca332946e0f359950c47a115662e8fdea40e33807fc6bb8ebb0adc4a17521050"},
    note="Neither the training data nor the evaluation set of the losses is named.",
)
