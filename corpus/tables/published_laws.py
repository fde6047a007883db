"""Coefficients of laws as papers state them, one row per coefficient."""

from ..table import Table

TABLE = Table(
    key=("law_id", "coefficient"),
    columns=(
        "law_id",
        "paper",
        "form",
        "target",
        "coefficient",
        "value",
        "ci_low",
        "ci_high",
        "ci_level",
        "unit",
        "verified",
        "note",
        "source",
        "line",
    ),
    required=("law_id", "paper", "form", "coefficient", "value", "verified", "source", "line"),
    meaning="Coefficients of laws as published; those of two laws compare only on the same target.",
    checks=(("an interval has two ends in order", "ci_low is null or ci_low <= ci_high"),),
)
