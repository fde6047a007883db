"""Accelerators: peak arithmetic and a price to rent them, as stated."""

from ..table import Table

TABLE = Table(
    key=("device", "precision"),
    columns=(
        "device",
        "precision",
        "peak_flops",
        "memory_bytes",
        "memory_bandwidth",
        "dollars_per_hour",
        "source",
        "note",
    ),
    required=("device", "precision", "peak_flops", "source"),
    meaning="Peak FLOP/s of accelerators by number format (dense), memory, and a price per hour where one is stated.",
)
