"""One run and the size term of another family: of the same architecture, or of another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..contrast import Contrast, one_per_family
from ..finding import Finding, Need, Question, Shown
from ..results import forecasts
from ..verdict import Published

NEED = Need("borrowed_coefficients", laws=("chinchilla",))
SAME, OTHER = "the same", "another"
CONTRAST = Contrast(
    question="Can one run do, with coefficients of another family?",
    setting="lender",
    shown=Shown("architecture of the lender"),
    base=SAME,
    other=OTHER,
    against="that with a lender of the same",
    claim="One run with the size term of a family of {base} architecture forecasts the largest model with {base_are} in"
    " the median, with that of {other} architecture with {other_are}. Within a family that is {ratio} the error (90 %"
    " interval {interval}, {families} families of {groups} groups that both could lend to).",
    rule="With one run only, borrow from several families and show the spread; expect {base_are} from the same"
    " architecture.",
    published=Published(
        "One small run plus another family's coefficients works for similar architectures, not for others.",
        "Choshen et al. 2024, arXiv:2410.11840, abstract and section 8",
        holds=(1.0, float("inf")),
    ),
)


def find(results: pd.DataFrame) -> Finding:
    """Errors by whether the lender has the architecture of the borrower, over runs that both kinds lent to."""
    rows = forecasts(results, NEED.protocol)
    rows = rows[rows["architecture"].notna() & rows["lent_architecture"].notna()]
    same = rows["architecture"] == rows["lent_architecture"]
    rows = rows.assign(lender=np.where(same, SAME, OTHER))
    return CONTRAST.find(one_per_family(rows, "lender", ["size"]))


QUESTION = Question(find, (NEED,))
