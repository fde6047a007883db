"""The figures of "A Hitchhiker's Guide to Scaling Law Estimation": 1,035 cells of absolute relative error.

``row`` counts the k smallest sizes; k + 1 in end_of_training_only; the training size in billions in one_model (the last
one being the target itself, partly trained). Cells that are ``printed`` are exact to .005 percentage points, those read
by ``colour`` to .07; saturated cells are at least 35 %. With two training sizes the law is not determined.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "hitchhiker_are.csv"


def tables(raw: Path) -> Tables:
    """One row per cell, errors as shares."""
    cells = pd.read_csv(raw / FILE, dtype={"row": str})
    return {
        "published_errors": cells.assign(
            paper="2410.11840",
            family=cells["family"].map(_family),
            are=cells["are_pct"] / 100,
            saturated=cells["saturated"] == 1,
            line=cells.index + 2,
        ).drop(columns="are_pct")
    }


def _family(name: str) -> str:
    """Our name of a family: GPT2-c4-14.0 are the datablations runs of 14 epochs.

    Examples
    --------
    >>> _family("GPT2-c4-14.0"), _family("OPT")
    ('datablations-c4-14ep', 'opt')
    """
    model, *rest = name.lower().split("-")
    if model != "gpt2":
        return name.lower()
    data, epochs = rest
    return f"datablations-{data}-{epochs.removesuffix('.0')}{'' if epochs == 'all' else 'ep'}"


SOURCE = Source(
    tables=tables,
    title="Error cells of the figures of the Hitchhiker's Guide",
    repository="facts from papers",
    commit="",
    retrieved=datetime.date(2025, 1, 27),
    licence="facts only: numbers",
    citation="Choshen, Zhang, Andreas 2024, A Hitchhiker's Guide to Scaling Law Estimation, arXiv:2410.11840",
    folder="../published",
    files={FILE: "5d05f809c2621487513f356a25cc18c92ca54ae0350197cd7bb8ab7048a40c56"},
    extracted=True,
    note="row: k smallest sizes; k + 1 in end_of_training_only; size in billions in one_model; else as named.",
)
