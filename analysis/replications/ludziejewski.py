"""Ludziejewski et al. (2025): compute-optimal mixtures of 1 to 32 experts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scalebook.corpus.database import Corpus

from ..laws.routed import effective
from ..planner.literature import published_coefficients
from ..planner.mixtures import Mixture
from ..planner.plan import plan
from ..planner.request import Request
from ..replication import Replication, Row

#: Table 1: budget in FLOP and experts, to billions of active parameters and of tokens.
OPTIMA = {
    (1e20, 1): (1.7, 9.7),
    (1e20, 2): (1.5, 11.4),
    (1e20, 4): (1.2, 13.9),
    (1e20, 8): (0.99, 17.0),
    (1e20, 16): (0.81, 20.7),
    (1e20, 32): (0.669, 24.9),
    (1e21, 1): (5.7, 29.3),
    (1e21, 2): (5.0, 33.0),
    (1e21, 4): (4.4, 38.0),
    (1e21, 8): (3.8, 44.3),
    (1e21, 16): (3.3, 51.2),
    (1e21, 32): (2.85, 58.4),
    (1e22, 1): (18.8, 88.6),
    (1e22, 2): (17.4, 96.0),
    (1e22, 4): (15.8, 105.4),
    (1e22, 8): (14.4, 115.8),
    (1e22, 16): (13.2, 126.5),
    (1e22, 32): (12.2, 136.9),
}
#: Table 4: experts to the levels m and n and the powers mu and nu of a law of size and tokens.
REDUCED = {
    1: (30.3640, -0.1817, 53.9838, -0.1965),
    2: (27.7982, -0.1780, 66.8401, -0.2065),
    4: (24.8462, -0.1731, 87.7022, -0.2192),
    8: (21.8330, -0.1676, 119.9126, -0.2338),
    16: (19.0159, -0.1617, 167.5073, -0.2494),
    32: (16.5424, -0.1557, 234.6726, -0.2652),
}
TWO = "the two tables disagree: one expert is worth 2.073 by table 3, and 2.083 by m and n of table 4"
DIGITS = "coefficients are printed to two or four decimals"


def replicate(corpus: Corpus) -> list[Row]:
    """The law for every number of experts, and its compute-optimal models."""
    law = published_coefficients(corpus, "ludziejewski2025-joint")
    assert isinstance(law, Mixture)
    return [*_reduced(law), *_optima(law)]


def _reduced(law: Mixture) -> Iterator[Row]:
    v = law.values
    for experts, printed in REDUCED.items():
        most = np.log(effective(experts, v["E_start"], v["E_max"]))
        ours = (
            v["a"] * np.exp(v["delta"] * most),
            v["alpha"] + v["gamma"] * most,
            v["b"] * np.exp(v["omega"] * most),
            v["beta"] + v["zeta"] * most,
        )
        near = (1e-3 * printed[0], 3e-4, 1e-3 * printed[2], 3e-4)
        for name, theirs, value, tolerance in zip(("m", "mu", "n", "nu"), printed, ours, near, strict=True):
            off = abs(float(value) - theirs) > tolerance
            yield Row(
                f"{experts} experts: {name}",
                theirs,
                float(value),
                tolerance,
                "table 4, appendix B",
                DIGITS,
                TWO if off else "",
                detail=True,
            )


def _optima(law: Mixture) -> Iterator[Row]:
    for (flops, experts), (params, tokens) in OPTIMA.items():
        found = plan(law, Request(flops=flops, experts=experts)).plan
        named, place = f"{experts} experts, {flops:.0e} FLOP", "table 1"
        for what, theirs, ours, unit in (
            ("active parameters", params, found.params / 1e9, "billion parameters"),
            ("tokens", tokens, found.tokens / 1e9, "billion tokens"),
        ):
            yield Row(f"{named}: {what}", theirs, ours, 0.03 * theirs, place, f"{DIGITS}, the table to two", unit=unit)


REPLICATION = Replication(
    replicate,
    question="How many tokens does a mixture of so many experts need?",
    paper="Ludziejewski et al. (2025), Joint MoE Scaling Laws, arXiv:2502.05172",
    needs=("published-moe",),
)
