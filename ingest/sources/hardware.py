"""Accelerators: peak arithmetic, memory, and rental prices that papers reckon with.

Peaks and memory are those of the makers' data sheets, dense (without structured sparsity). Prices are examples of one
day and one paper: give your own to the planner.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

# NVIDIA A100 data sheet (2021) and H100 data sheet (2023), SXM modules.
# Prices: Sardana et al. 2024 (arXiv:2401.00448), section 4: $1.40/h to train, $.60/h to serve.
DEVICES = pd.DataFrame(
    [
        ("A100-80GB", "bf16", 3.12e14, 80e9, 2.039e12, 1.40),
        ("A100-80GB", "int8", 6.24e14, 80e9, 2.039e12, 1.40),
        ("A100-40GB", "bf16", 3.12e14, 40e9, 1.555e12, 0.60),
        ("A100-40GB", "int8", 6.24e14, 40e9, 1.555e12, 0.60),
        ("H100-80GB", "bf16", 9.89e14, 80e9, 3.35e12, None),
        ("H100-80GB", "fp8", 1.978e15, 80e9, 3.35e12, None),
    ],
    columns=["device", "precision", "peak_flops", "memory_bytes", "memory_bandwidth", "dollars_per_hour"],
)


def tables(raw: Path) -> Tables:
    """One row per device and number format."""
    return {"hardware": DEVICES}


SOURCE = Source(
    tables=tables,
    title="Peak FLOP/s, memory and prices of accelerators",
    repository="makers' data sheets",
    commit="",
    retrieved=datetime.date(2023, 11, 1),
    licence="facts only: numbers",
    citation="NVIDIA A100 and H100 data sheets; prices: Sardana et al. 2024, arXiv:2401.00448",
    folder=".",
    files={},
)
