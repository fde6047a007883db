"""Runs of one recipe that differ in scale, and the metric on which one law may describe them."""

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
        "related",
        "note",
    ),
    required=("family", "source", "related", "independent_runs"),
    meaning="Runs of one recipe that differ in scale, and the loss (metric, task, split, shots) of one law.",
    checks=(("a family with a metric names its split", "metric is null or split is not null"),),
)
