"""Krajewski et al. (2024): compute-optimal mixtures of fine-grained experts, and how much compute they save."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scalebook.corpus.database import Corpus

from ..planner.literature import published_coefficients
from ..planner.mixtures import Mixture
from ..planner.plan import plan
from ..planner.request import Request
from ..replication import Replication, Row

#: Table 2: billions of active parameters, billions of tokens, granularity, FLOPs and loss.
TABLE = (
    (0.1, 4.37, 8.0, 2.95e18, 3.133),
    (1.0, 28.94, 16.0, 1.93e20, 2.491),
    (3.0, 72.90, 16.0, 1.41e21, 2.245),
    (7.0, 137.60, 32.0, 6.46e21, 2.076),
    (70.0, 941.07, 32.0, 4.16e23, 1.694),
    (300.0, 2960.0, 64.0, 5.69e24, 1.503),
    (1000.0, 7940.0, 64.0, 4.97e25, 1.367),
)
#: Table 9, with 16 times the parameters: billions of tokens, and granularity, each the 10th and 90th percentile.
SMALLER = {
    0.1: ((10.29, 17.73), (8.0, 16.0)),
    1.0: ((53.74, 103.54), (16.0, 32.0)),
    3.0: ((106.22, 261.04), (16.0, 32.0)),
    7.0: ((177.65, 511.43), (16.0, 32.0)),
    70.0: ((721.60, 3220.0), (32.0, 64.0)),
    300.0: ((1730.0, 10690.0), (32.0, 64.0)),
    1000.0: ((3600.0, 28220.0), (32.0, 128.0)),
}
DIGITS = "coefficients are printed to two or three digits"


def replicate(corpus: Corpus) -> list[Row]:
    """Both tables of compute-optimal models."""
    return [*_table(corpus), *_smaller(corpus)]


def _table(corpus: Corpus) -> Iterator[Row]:
    law = _mixture(corpus, "krajewski2024-e64")
    for active, tokens, granularity, flops, loss in TABLE:
        found = plan(law, Request(like_params=_size(active, 64))).plan
        assert found.granularity is not None
        assert found.loss is not None
        named, place = f"64 x {active:g}B", "table 2"
        yield Row(f"{named}: best granularity", granularity, found.granularity, 0.0, place, "a power of two")
        yield Row(f"{named}: tokens", tokens, found.tokens / 1e9, 0.05 * tokens, place, DIGITS, unit="billion tokens")
        yield Row(f"{named}: training", flops, found.train_flops, 0.05 * flops, place, DIGITS, unit="FLOP")
        yield Row(f"{named}: loss", loss, found.loss, 0.02, place, DIGITS, unit="nats/token")


def _smaller(corpus: Corpus) -> Iterator[Row]:
    """Middle of the interval, within half its width."""
    law = _mixture(corpus, "krajewski2024-e16")
    place, why = "table 9, appendix D", "between the 10th and the 90th percentile of their refits"
    for active, (tokens, granularity) in SMALLER.items():
        found = plan(law, Request(like_params=_size(active, 16))).plan
        assert found.granularity is not None
        named = f"16 x {active:g}B"
        for what, ends, ours in (
            ("logarithm of tokens", np.log(np.array(tokens) * 1e9), np.log(found.tokens)),
            ("binary logarithm of granularity", np.log2(granularity), np.log2(found.granularity)),
        ):
            yield Row(f"{named}: {what}", float(ends.mean()), float(ours), float(np.ptp(ends)) / 2, place, why)


def _size(active: float, expansion: float) -> float:
    """All parameters of a model of so many billions of active ones: 8 E + 4 for every 12."""
    return active * 1e9 * (8 * expansion + 4) / 12


def _mixture(corpus: Corpus, name: str) -> Mixture:
    law = published_coefficients(corpus, name)
    assert isinstance(law, Mixture)
    return law


REPLICATION = Replication(
    replicate,
    question="How fine should experts be, and how many tokens do mixtures of them need?",
    paper="Krajewski et al. (2024), Scaling Laws for Fine-Grained Mixture of Experts, arXiv:2402.07871",
    needs=("published-moe",),
)
