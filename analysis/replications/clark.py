"""Clark et al. (2022): one law of size and experts for three ways of routing.

Their runs hardly determine E_max, whose standard error is 65 to 90 per cent: that it is reached says little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import Bootstrap, Fit, bootstrap, fit
from ..law import Array, laws
from ..laws.routed import effective
from ..published import published
from ..replication import Replication, Row

LAW = laws["routed"]
#: Our names of the routers, the paper's, and billions of parameters from which on routing does not help.
ROUTERS = {"s-base": ("S-BASE", 937.0), "rl-r": ("RL-R", 85.0), "hash": ("HASH", 83.0)}
#: Millions of parameters of a small model, its experts, and of the dense model that it is worth.
SMALL = (5.0, 128.0, 55.0)
TABLE = "table 3, as two reading notes quote it"
RUNS = (
    "select regexp_extract(recipe, 'E=([0-9]+)', 1)::double as experts, f.params, loss from final_losses as f"
    " join runs using (run) where regexp_matches(f.family, '^routed-' || ? || '-[0-9]+$') order by f.params, experts"
)


def replicate(corpus: Corpus) -> list[Row]:
    """Coefficients of every router, where routing ends to help, and what experts are worth."""
    return [row for router in ROUTERS for row in _rows(corpus, router)]


def _rows(corpus: Corpus, router: str) -> Iterator[Row]:
    theirs = published(corpus, f"clark2022-{router}").coefficients
    data = {name: np.asarray(column, float) for name, column in corpus.query(RUNS, [router]).fetchnumpy().items()}
    ours = fit(LAW, data, objective="lsq-log")
    named, end = ROUTERS[router]
    yield from _coefficients(named, theirs, ours)
    drawn = bootstrap(LAW, data, ours, 200, seed=0)
    spread = 2 * float(np.std(_cutoff(_columns(drawn))))
    yield Row(
        f"{named}: decimal logarithm of the size from which on experts do not help",
        float(np.log10(end * 1e9)),
        float(_cutoff(ours.values)),
        spread,
        "section 5.1, as a reading note quotes it",
        "two standard deviations of 200 refits on redrawn runs",
    )
    if router == "s-base":
        size, experts, worth = SMALL
        yield Row(
            f"{named}: what {size:g}M parameters with {experts:g} experts are worth in dense ones",
            worth,
            _worth(ours.values, size * 1e6, experts) / 1e6,
            0.1 * worth,
            "section 5.1, as a reading note quotes it",
            "two digits in the quotation, and a scatter of .3 % in the losses, which is 4 % of a size",
            unit="million parameters",
        )


def _coefficients(named: str, theirs: Mapping[str, float], ours: Fit) -> Iterator[Row]:
    for name, estimate in ours.coefficients.items():
        yield Row(
            f"{named}: {name}",
            theirs[name],
            estimate.value,
            2 * estimate.se,
            TABLE,
            "two standard errors of ours: the paper's selection of runs is not stated",
        )


def _columns(drawn: Bootstrap) -> dict[str, Array]:
    return {name: drawn.values[drawn.converged, k] for k, name in enumerate(drawn.names)}


def _cutoff(values: Mapping[str, float | Array]) -> float | Array:
    """Decimal logarithm of the size at which the slope in experts, b + c log N, is zero."""
    return -values["b"] / values["c"]


def _worth(values: Mapping[str, float], size: float, experts: float) -> float:
    """Size of the dense model of equal loss: that of one expert."""
    a, b, c = (values[name] for name in "abc")
    one, many = (np.log10(effective(n, values["E_start"], values["E_max"])) for n in (1.0, experts))
    return float(10 ** (((a + c * many) * np.log10(size) + b * (many - one)) / (a + c * one)))


REPLICATION = Replication(
    replicate,
    question="What are experts worth, and up to which size?",
    paper="Clark et al. (2022), Unified Scaling Laws for Routed Language Models, arXiv:2202.01169",
    needs=("published-moe", "routed-lms"),
)
