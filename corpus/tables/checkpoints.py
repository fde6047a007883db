"""Moments of runs: how far training was, and who says so."""

from ..table import Table

TABLE = Table(
    key=("run", "step", "tokens"),
    columns=("run", "step", "tokens", "tokens_basis", "flops", "flops_basis", "learning_rate"),
    required=("run",),
    meaning="One moment of a run: steps, tokens and FLOPs so far; neither steps nor tokens: the finished model.",
    checks=(
        ("tokens say who says so", "(tokens is null) = (tokens_basis is null)"),
        ("FLOPs say who says so", "(flops is null) = (flops_basis is null)"),
    ),
)
