"""Quokka (2025): compute-optimal masked diffusion language models."""

from __future__ import annotations

from collections.abc import Iterator

from scalebook.corpus.database import Corpus

from ..optimal.closed_form import published_frontier
from ..replication import Replication, Row


def replicate(corpus: Corpus) -> list[Row]:
    """Table 2 from the printed power laws, and the other approach beside it."""
    return list(_rows(corpus))


def _rows(corpus: Corpus) -> Iterator[Row]:
    first, second = (published_frontier(corpus, f"quokka2025-approach{n}") for n in (1, 2))
    flops = first.params.flops_for(1e9)
    tokens = float(first.tokens.predict(flops))
    place, why = "table 2, row of 1B parameters", "printed digits of the coefficients"
    yield Row("FLOPs of a compute-optimal 1B model", 5.62e20, flops, 0.005 * 5.62e20, place, why, unit="FLOP")
    yield Row("its tokens", 93.5e9, tokens, 0.005 * 93.5e9, place, why, unit="tokens")
    yield Row("C = 6 N D at that row", 5.62e20, 6e9 * tokens, 0.005 * 5.62e20, place, why, unit="FLOP")
    yield Row(
        "exponent a of the law's closed form, against approach 1",
        0.514,
        second.a.value,
        0.02,
        "approach 1 against approach 2",
        "the two approaches are said to agree",
    )


REPLICATION = Replication(
    replicate,
    question="How many tokens does a compute-optimal diffusion language model need?",
    paper="Quokka (2025), Training Optimal Large Diffusion Language Models, arXiv:2510.03280",
    needs=("published-laws",),
)
