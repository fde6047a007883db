"""MiniCPM (2024): 192 tokens per parameter, and the batch that belongs to a loss."""

from __future__ import annotations

from collections.abc import Iterator

from scalebook.corpus.database import Corpus

from ..published import published
from ..replication import Replication, Row

#: Billions of parameters of the larger MiniCPM, without embeddings.
SIZE = 2.4
LOSS, BATCH = 2.5, 4e6


def replicate(corpus: Corpus) -> list[Row]:
    """Exponent and ratio of the optimum, and the batch law."""
    return list(_rows(corpus))


def _rows(corpus: Corpus) -> Iterator[Row]:
    loss, optimum, batch = (
        published(corpus, f"minicpm2024-{name}").coefficients for name in ("loss", "allocation", "batch")
    )
    eta = (loss["beta"] - loss["alpha"]) / (loss["alpha"] + loss["beta"])
    yield Row(
        "exponent eta of N/D from alpha and beta",
        optimum["eta"],
        eta,
        0.02,
        "section 4.5, table of fits",
        "alpha and beta are printed to two digits",
    )
    yield Row(
        "tokens per parameter of a 2.4B model",
        optimum["D_over_N"],
        _ratio(optimum["K2"], optimum["eta"]),
        20.0,
        "section 4.5: 192 on average",
        "K2 and eta are printed to one digit, and 192 is a mean over budgets",
    )
    yield Row(
        "best batch at a C4 loss of 2.5",
        BATCH,
        batch["k"] / LOSS ** batch["p"],
        0.05 * BATCH,
        "section 3.2, as remembered: about 4M tokens",
        "a round number",
        unit="tokens",
    )


def _ratio(k: float, eta: float) -> float:
    """D/N where N/D = K2 (C/6)^eta and C/6 = N D, in billions: r^(1 + eta) = N^(-2 eta) / K2."""
    return float((SIZE ** (-2 * eta) / k) ** (1 / (1 + eta)))


REPLICATION = Replication(
    replicate,
    question="How many tokens per parameter are optimal under a warmup-stable-decay schedule?",
    paper="Hu et al. (2024), MiniCPM, arXiv:2404.06395",
    needs=("published-laws",),
)
