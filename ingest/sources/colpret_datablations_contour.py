"""Data-constrained language models on C4: 229 final losses over size, tokens and unique tokens.

The name of a run is its size, tokens and unique tokens run together: 2b84b1b5 has 2.8, 4 and 1.5 billion. The column
``tokens_per_epoch`` is 1.5e9 in every row and is not read; ``flops`` is 6 N D. In one row upstream split the name
2b855b1b25 in the wrong place. 83m32b100m and 83m60b100m have the same loss, one of them surely a copy.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "aggregated_eval/datablations_contour_losses.csv"
FAMILY = "datablations-contour"

#: Size, tokens, unique tokens: ``2b8`` is 2.8e9, ``14b`` 1.4e10, ``400m`` 4e8. Above ten billion there are no decimals.
NAME = r"^(?P<params>\d+b\d|\d+m)(?P<tokens>\d{2,3}b|\d+m|\db\d?)(?P<unique>\d+b\d{0,2}|\d+m)$"


def amounts(words: pd.Series[str]) -> pd.Series[float]:
    """Numbers written with the unit in place of the decimal point.

    Examples
    --------
    >>> amounts(pd.Series(["2b8", "14b", "400m", "1b25"])).tolist()
    [2800000000.0, 14000000000.0, 400000000.0, 1250000000.0]
    """
    decimal = words.str.replace(r"[mb]$", "", regex=True).str.replace(r"[mb]", ".", regex=True).astype(float)
    return (decimal * words.str.contains("b").map({True: 1e9, False: 1e6})).round()


FAMILY_ROWS = pd.DataFrame(
    {
        "family": [FAMILY],
        "varies": "repetition",
        "architecture": "decoder",
        "data": "C4",
        "metric": "loss",
        "task": "C4",
        "split": "validation",
        "related": "datablations",
        "note": "Unique tokens vary beside size and tokens: only a law with all three describes it."
        " Final losses of the runs in datablations-c4-*ep are among them.",
    }
)


def tables(raw: Path) -> Tables:
    """One run with one loss per line of the file."""
    rows = pd.read_csv(raw / FILE)
    name = rows["model_args"].str.extract(r"'name': '(\w+)'")[0]
    points = pd.DataFrame(
        {
            "run": FAMILY + "/" + name,
            "recipe": name,
            "params": rows["num_params"],
            "tokens": rows["token_num"],
            "unique_tokens": amounts(name.str.extract(NAME)["unique"]),
            "epochs": rows["epochs"],
            "value": rows["openLM_loss"],
            "line": rows.index + 2,
        }
    )
    return {
        "families": FAMILY_ROWS,
        # Muennighoff et al. 2023 (arXiv:2305.16264), appendix on hyperparameters. N is the count with embeddings.
        "runs": points[["run", "recipe", "params", "unique_tokens", "epochs"]].assign(
            family=FAMILY,
            params_total=points["params"],
            params_basis="total",
            data="C4",
            architecture="decoder",
            vocabulary=50257,
            context=2048,
            peak_learning_rate=2e-4,
            schedule="cosine",
            planned_tokens=points["tokens"],
            warmup_tokens=0.01 * points["tokens"],
            optimizer="Adam",
            weight_decay=0.1,
            precision="bf16",
        ),
        "checkpoints": points[["run", "tokens"]].assign(tokens_basis="planned"),
        "metrics": points[["run", "tokens", "value", "line"]].assign(
            metric="loss", task="C4", split="validation", how="as_published", file=FILE
        ),
    }


def _split_name(table: str, column: str, wrong: float, right: float) -> Correction:
    """One column of the row whose name was split in the wrong place."""
    return Correction(
        table=table,
        where=f"run = '{FAMILY}/2b855b1b25' and {column} = {wrong!r}",
        reason="2b855b1b25 is 55 B tokens of which 1.25 B unique; upstream read 55.1 B and 25 B",
        date=datetime.date(2026, 11, 21),
        rows=1,
        column=column,
        scale=right / wrong,
    )


SOURCE = Source(
    tables=tables,
    title="Final losses of data-constrained language models over size, tokens and unique tokens",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Muennighoff et al. 2023, Scaling Data-Constrained Language Models, arXiv:2305.16264; collected by Choshen,"
        " Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "1241bdf3732b4f65d455c796951dce7b18b898d64709f86013914573035f8a5b"},
    note="Tokens are the whole budget as rounded in the name. Runs with much repetition diverge (losses up to 11).",
    corrections=(
        _split_name("checkpoints", "tokens", 55100000000.00001, 55e9),
        _split_name("metrics", "tokens", 55100000000.00001, 55e9),
        _split_name("runs", "planned_tokens", 55100000000.00001, 55e9),
        _split_name("runs", "warmup_tokens", 0.01 * 55100000000.00001, 0.55e9),
        _split_name("runs", "epochs", 2.204, 44),
    ),
)
