"""Errors of forecasts as papers print them, one row per cell of a figure or table."""

from ..table import Table

TABLE = Table(
    key=("paper", "experiment", "target", "family", "row", "share"),
    columns=(
        "paper",
        "experiment",
        "target",
        "family",
        "row",
        "share",
        "are",
        "precision",
        "saturated",
        "source",
        "line",
    ),
    required=(
        "paper",
        "experiment",
        "target",
        "family",
        "row",
        "share",
        "are",
        "precision",
        "saturated",
        "source",
        "line",
    ),
    meaning="Absolute relative errors as published, cell by cell, with how exactly they can be read.",
)
