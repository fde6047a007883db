"""Measurements, one row per published value."""

from ..metric_names import METRICS
from ..table import Table

_IN_RANGE = " ".join(f"when '{name}' then value between {m.low} and {m.high}" for name, m in METRICS.items())

TABLE = Table(
    key=("run", "step", "tokens", "metric", "task", "split", "shots", "repeat"),
    columns=(
        "run",
        "step",
        "tokens",
        "metric",
        "task",
        "split",
        "shots",
        "repeat",
        "unit",
        "value",
        "stderr",
        "how",
        "source",
        "file",
        "line",
        "key",
    ),
    required=("run", "metric", "unit", "value", "how", "source", "file"),
    meaning="One published value: run, checkpoint, metric, evaluation set, unit, value, origin.",
    checks=(
        ("metric is in the metric dictionary", f"metric in ({', '.join(repr(m) for m in METRICS)})"),
        (
            "value lies in the range of its metric (a perplexity in a loss column does not)",
            f"case metric {_IN_RANGE} end",
        ),
        ("a value says its line or key", "line is not null or key is not null"),
    ),
)
