"""Published laws: coefficients as papers state them, with their intervals and how each number is known.

Compiled by hand. Laws whose targets differ are not comparable; rows that are ``memory`` were seen nowhere and are not
to be tested against.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "published_laws.csv"


def tables(raw: Path) -> Tables:
    """One row per coefficient."""
    laws = pd.read_csv(raw / FILE, dtype={"paper": str}).rename(columns={"parameter": "coefficient"})
    return {"published_laws": laws.assign(line=laws.index + 2)}


SOURCE = Source(
    tables=tables,
    title="Coefficients of published scaling laws",
    repository="facts from papers",
    commit="",
    retrieved=datetime.date(2026, 1, 1),
    licence="facts only: numbers and formulas",
    citation="Each row names its paper.",
    folder="published-laws",
    files={FILE: "fd7091b0eb2b582403ea15994837123327919ca52e85442e855e8844ae2e421d"},
    extracted=True,
)
