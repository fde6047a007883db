"""Moments of runs: how far training was, and who says so."""

from ..table import Table

TABLE = Table(
    key=("run", "step", "tokens"),
    columns=("run", "step", "tokens", "tokens_basis", "flops", "flops_basis", "learning_rate"),
    required=("run",),
    meaning="One moment of a run: steps, tokens and FLOPs so far.",
    checks=(
        ("a checkpoint has a step or tokens", "step is not null or tokens is not null"),
        ("tokens say who says so", "(tokens is null) = (tokens_basis is null)"),
        ("FLOPs say who says so", "(flops is null) = (flops_basis is null)"),
    ),
)
