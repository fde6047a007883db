"""One training of one model each."""

from ..table import Table

TABLE = Table(
    key=("run",),
    columns=(
        "run",
        "family",
        "source",
        "params",
        "params_total",
        "params_non_embedding",
        "params_active",
        "params_basis",
        "seed",
        "schedule",
        "planned_tokens",
        "unique_tokens",
        "parent_run",
        "replicate_group",
        "recipe",
        "data",
        "epochs",
        "architecture",
        "layers",
        "width",
        "heads",
        "vocabulary",
        "context",
        "batch_tokens",
        "peak_learning_rate",
        "warmup_tokens",
        "optimizer",
        "weight_decay",
        "precision",
        "branch_tokens",
    ),
    required=("run", "family", "source"),
    meaning="One training of one model: recipe, seed, schedule, data.",
    checks=(
        ("a run with params says what they count", "params is null or params_basis is not null"),
        ("a run belongs to its family by name", "run like family || '/%'"),
        (
            "params is the count that params_basis names",
            "params is null or case params_basis when 'total' then params_total when 'non-embedding' then"
            " params_non_embedding when 'active' then params_active else params end is not distinct from params",
        ),
        (
            "params_total is at least params_non_embedding",
            "coalesce(params_total, 1e99) >= coalesce(params_non_embedding, 0)",
        ),
    ),
)
