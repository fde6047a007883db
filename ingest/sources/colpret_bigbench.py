"""BIG-bench: errors of one model of 262M parameters on five tasks throughout training, with one and two examples.

The values were collected by "Revisiting Neural Scaling Laws" and are no losses: shares of wrong answers, averaged or
interpolated on a grid of tokens, and the smallest so far within each of the paper's two parts of the curve, so that
they never rise but once, between the parts. Other rows of the file are other experiments.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "aggregated_eval/revisiting_lang.csv"
FAMILY = "bigbench-262m"
RUN = f"{FAMILY}/262m"

# Alabdulmohsin et al. 2022 (arXiv:2209.06640), section 5: the five tasks.
TASKS = {
    "date": "bigbench_date_understanding",
    "ling": "bigbench_linguistic_mappings",
    "mult": "bigbench_mult_data_wrangling",
    "qa": "bigbench_qa_wikidata",
    "unit": "bigbench_unit_conversion",
}


def tables(raw: Path) -> Tables:
    """One run, one error per task, number of examples and place on the grid."""
    rows = pd.read_csv(raw / FILE)
    rows["line"] = rows.index + 2
    rows = rows[rows["Domain"] == "BB"].rename(columns={"Seen Examples": "tokens", "Loss": "value"})
    named = rows["Task"].str.extract(r"^\('(?P<task>\w+)', '(?P<shots>\d)-shot'\)$")
    return {
        "families": pd.DataFrame(
            {
                "family": [FAMILY],
                "architecture": "decoder",
                "related": "bigbench",
                "note": "One size; errors of tasks, smallest so far, and no losses.",
            }
        ),
        "runs": pd.DataFrame(
            {"run": [RUN], "family": FAMILY, "params": 262e6, "params_basis": "nominal", "architecture": "decoder"}
        ),
        "checkpoints": rows[["tokens"]].drop_duplicates().assign(run=RUN, tokens_basis="reported"),
        "metrics": rows[["tokens", "value", "line"]].assign(
            run=RUN,
            metric="error_rate",
            task=named["task"].map(TASKS),
            split="test",
            shots=named["shots"].astype("int64"),
            how="extracted",
            file=FILE,
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Errors of a 262M model on five BIG-bench tasks throughout training",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Alabdulmohsin, Neyshabur, Zhai 2022, Revisiting Neural Scaling Laws in Language and Vision, arXiv:2209.06640;"
        " collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "63c346db00a66b692e1ea9a0f71a2f2b267e55f74be5b863a92e199dffbf0983"},
    note="The file calls the axis examples; its first place is 10,000 steps of 262,144 tokens.",
)
