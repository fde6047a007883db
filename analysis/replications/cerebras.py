"""Cerebras-GPT: one power law of compute through seven models, and what maximal update parametrisation changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import fit
from ..law import laws
from ..points import Points, family_points
from ..published import published
from ..replication import Replication, Row

LAW = laws["compute"]
WORSE = (
    "the mean over the five printed pairs, of which two are worse with muP; the paper's number may compare the fitted"
    " laws, and is quoted from memory"
)


def replicate(corpus: Corpus) -> list[Row]:
    """Residuals of the published law, our fit, the other parametrisation, and the two sets of losses."""
    standard, mup = (family_points(corpus, name) for name in ("cerebras-gpt", "cerebras-gpt-mup"))
    law = published(corpus, "cerebras2023-LC").coefficients
    values = {"E": law["E"], "C_0": law["C0"], "a": law["alpha"]}
    return [*_law(standard, values), *_mup(standard, mup), _cards(corpus)]


def _law(standard: Points, values: dict[str, float]) -> Iterator[Row]:
    off = standard["loss"] / LAW.predict(standard["flops"], **values) - 1
    yield Row(
        "residuals of the published law, standard deviation",
        0.661,
        100 * float(np.std(off)),
        0.01,
        "equation 1, recomputed; .66 in the paper",
        "printed digits",
        unit="percent",
    )
    ours = fit(LAW, standard.columns, objective="lsq")
    error = 2 * ours.coefficients["a"].se
    yield Row(
        "exponent, fitted by us to the same losses",
        values["a"],
        ours.values["a"],
        error,
        "equation 1",
        "two standard errors: the paper does not state its objective",
    )


def _mup(standard: Points, mup: Points) -> Iterator[Row]:
    """Five sizes."""
    theirs = fit(LAW, mup.columns, objective="lsq")
    off = mup["loss"] / theirs.predict(flops=mup["flops"]) - 1
    yield Row(
        "muP: residuals of its own law, standard deviation",
        0.04,
        100 * float(np.std(off)),
        0.05,
        "section 3.4, as remembered; not found in a stored text",
        "losses printed to .001 nats, .05 % of the largest model's",
        unit="percent",
    )
    same = standard["loss"][: len(mup)]
    gain = 100 * float(np.mean(1 - mup["loss"] / same))
    yield Row(
        "muP: mean improvement of the Pile loss",
        0.43,
        gain,
        0.05,
        "section 3.4, as remembered; not found in a stored text",
        "losses printed to .001 nats",
        WORSE,
        unit="percent",
    )


def _cards(corpus: Corpus) -> Row:
    """Losses that the paper and the model card state differently."""
    (count,) = corpus.rows(
        "select count(*) from metrics p join metrics c using (run, metric) where p.task = 'Pile' and"
        " c.task = 'Pile, model card' and starts_with(run, 'cerebras-gpt/') and abs(p.value - c.value) > 5e-4"
    )[0]
    return Row(
        "losses on which paper and model card disagree, of seven",
        5,
        count,
        0,
        "tables of both; independent check",
        "a count",
        unit="losses",
    )


REPLICATION = Replication(
    replicate,
    question="How well does one power law of compute describe the seven models?",
    paper="Dey et al. (2023), Cerebras-GPT, arXiv:2304.03208",
    needs=("published-laws", "cerebras-gpt"),
)
