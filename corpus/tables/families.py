"""Runs of one recipe that differ in scale, and the metric on which one law may describe them."""

from ..own_runs import MINE
from ..table import Table

TABLE = Table(
    key=("family",),
    columns=(
        "family",
        "source",
        "architecture",
        "data",
        "metric",
        "task",
        "split",
        "shots",
        "independent_runs",
        "varies",
        "related",
        "note",
    ),
    required=("family", "source", "related", "independent_runs"),
    meaning="Runs of one recipe that differ in scale, and the loss (metric, task, split, shots) of one law.",
    checks=(
        (
            "a family with a metric names its split, unless it is the user's own",
            f"metric is null or split is not null or starts_with(source, '{MINE}')",
        ),
    ),
)
