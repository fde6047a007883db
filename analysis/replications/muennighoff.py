"""Muennighoff et al. (2023): what repeated data are worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import fit
from ..law import laws
from ..points import family_points
from ..published import published
from ..replication import Replication, Row

LAW = laws["data_constrained"]
#: Runs of more epochs end in losses far above those of a random model, which the law cannot follow.
EPOCHS = 60
LEVEL = (
    "the losses in the authors' repository lie above the published law also where nothing is repeated (see the row of"
    " residuals), so that its constants belong to other losses; which 182 of the 229 runs the paper took is not stated."
    " Ours minimises the same objective over all runs of up to 60 epochs"
)


def replicate(corpus: Corpus) -> list[Row]:
    """What four epochs cost, the residuals of the published law, and its constants."""
    return [*_epochs(corpus), *_law(corpus)]


def _epochs(corpus: Corpus) -> Iterator[Row]:
    """Loss of four passes over a quarter of the data against one pass."""
    finals = dict(corpus.rows("select run, loss from final_losses where starts_with(family, 'datablations-')"))
    for name, four, one in (
        ("end of the run", "datablations-contour/8b7178b44b", "datablations-contour/8b7178b178b"),
        ("last validation", "datablations-c4-4ep/8.7b", "datablations-c4-1ep/8.7b"),
    ):
        yield Row(
            f"8.7B, loss of 4 epochs against 1, {name}",
            0.5,
            100 * (finals[four] / finals[one] - 1),
            0.2,
            "section 5, figure 4",
            "printed to .1 points, and the last reading of a noisy curve",
            unit="percent",
        )


def _law(corpus: Corpus) -> Iterator[Row]:
    """Constants of the decay of repeats, refitted where repetition is not absurd."""
    points = family_points(corpus, "datablations-contour")
    law = published(corpus, "muennighoff2023-data-constrained").coefficients
    values = {
        **{name: law[name] for name in ("E", "A", "B", "alpha", "beta")},
        "R_D": law["rd_star"],
        "R_N": law["rn_star"],
    }
    once = points.where(points["tokens"] <= points["unique_tokens"])
    predicted = LAW.predict(*(once[name] for name in LAW.inputs), **values)
    off = 100 * float(np.median(np.log(predicted / once["loss"])))
    yield Row(
        "residual of the published law on runs without repetition, median",
        0.0,
        off,
        1.0,
        "equation 11 and its repository",
        "the paper's figures show about a per cent",
        LEVEL,
        unit="percent",
    )
    some = points.where(points["tokens"] <= EPOCHS * points["unique_tokens"])
    ours = fit(LAW.constrain(beta="alpha"), some.columns).values
    for name, half in (("alpha", 0.01), ("R_D", 1.5), ("R_N", 0.5)):
        yield Row(
            f"{name}, refitted to runs of up to {EPOCHS} epochs",
            values[name],
            ours[name],
            half,
            "equation 11",
            "a tenth, or .01; no error is published",
            LEVEL,
        )


REPLICATION = Replication(
    replicate,
    question="What are repeated tokens worth?",
    paper="Muennighoff et al. (2023), Scaling Data-Constrained Language Models, arXiv:2305.16264",
    needs=("published-laws", "colpret-datablations", "colpret-datablations-contour"),
)
