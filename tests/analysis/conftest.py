"""Data that the tests of the engine share."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from scalebook.analysis.law import Columns

ALL_POINTS = 245


@pytest.fixture(scope="session")
def epoch(raw_sources: Path) -> Columns:
    """Epoch's reconstruction of Chinchilla: 245 points with D = C / (6 N), lowest loss first."""
    file = raw_sources / "colpret" / "raw_data" / "chinchila_extracted.csv"
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = {
        "params": np.array([float(row["Model Size"]) for row in rows]),
        "flops": np.array([float(row["Training FLOP"]) for row in rows]),
        "loss": np.array([float(row["loss"]) for row in rows]),
    }
    columns["tokens"] = columns["flops"] / (6 * columns["params"])
    order = np.argsort(columns["loss"], kind="stable")
    assert len(order) == ALL_POINTS
    return {name: column[order] for name, column in columns.items()}


@pytest.fixture(scope="session")
def chinchilla_points(epoch: Columns) -> Columns:
    """The same without the five highest losses."""
    return {name: column[:-5] for name, column in epoch.items()}
