"""Porian et al. (2024): from Kaplan's exponent to Chinchilla's, correction by correction."""

from __future__ import annotations

from scalebook.corpus.database import Corpus

from ..optimal.accounting import DATA, accounting
from ..replication import Replication, Row

#: Plain line through the minima of Akima's interpolation, by an independent check of the stored points.
AKIMA = (0.835, 0.700, 0.606, 0.572, 0.497)
TWIN = (
    "the corpus has no published exponents of OpenWebText2, whose figure shows the same fall; the number beside it is"
    " that of RefinedWeb"
)


def replicate(corpus: Corpus) -> list[Row]:
    """Exponents after each correction, on both data sets."""
    rows = []
    for data, title in DATA.items():
        for account, checked in zip(accounting(corpus, data), AKIMA, strict=True):
            ours, step = account.frontier.a.value, account.step
            if data == "rw":
                rows.append(
                    Row(
                        f"{title}: {step.title}",
                        step.published,
                        ours,
                        0.01,
                        "figure 1",
                        "its fit is weighted by a bootstrap, ours is a plain line",
                    )
                )
                rows.append(
                    Row(
                        f"{title}: {step.title}, plain line",
                        checked,
                        ours,
                        0.002,
                        "independent check of figure 1",
                        "another grid of budgets",
                    )
                )
            else:
                rows.append(
                    Row(
                        f"{title}: {step.title}",
                        step.published,
                        ours,
                        0.01,
                        "figure 1, of RefinedWeb",
                        "as for RefinedWeb",
                        TWIN,
                    )
                )
    return rows


REPLICATION = Replication(
    replicate,
    question="Which corrections lead from Kaplan's exponent to Chinchilla's?",
    paper="Porian et al. (2024), Resolving Discrepancies in Compute-Optimal Scaling, arXiv:2406.19146",
    needs=("porian",),
)
