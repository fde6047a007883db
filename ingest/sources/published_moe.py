"""Published laws of mixtures of experts, which the file of `published_laws` does not have.

Compiled by hand, as that file is, and kept beside this one: numbers of tables, with the table in the note. Of
arXiv:2402.07871 and arXiv:2502.05172 the whole text was read; of arXiv:2202.01169 the table is known from two reading
notes that quote it alike, and its runs are the source `routed_lms`. The coefficients of Abnar et al. (arXiv:2501.12370)
are left out: no text that has them was found.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..source import Source, Tables

ROWS = Path(__file__).with_suffix(".csv")


def tables(raw: Path) -> Tables:
    """One row per coefficient."""
    laws = pd.read_csv(ROWS, dtype={"paper": str})
    return {"published_laws": laws.assign(line=laws.index + 2)}


SOURCE = Source(
    tables=tables,
    title="Coefficients of published scaling laws of mixtures of experts",
    repository="facts from papers",
    commit="",
    retrieved=None,
    licence="facts only: numbers and formulas",
    citation="Each row names its paper and table.",
    folder=".",
    files={},
    note="Laws of Krajewski et al. and Ludziejewski et al. were read in the papers, that of Clark et al. quoted.",
)
