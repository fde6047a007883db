"""More Compute Is What You Need (2024): compression against the logarithm of compute."""

from __future__ import annotations

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import fit
from ..law import laws
from ..published import published
from ..replication import Replication, Row

#: Dense models of families with two sizes, whose makers stated their tokens: not those of Qwen1.5 (third parties).
MODELS = (
    "select r.params, m.tokens, m.value as bpc from metrics m join runs r using (run) join families f using (family)"
    " where m.source = 'compression-bpc' and m.task = 'compression_average' and m.repeat = 0 and m.tokens is not null"
    " and f.architecture = 'decoder' and r.params > 2e9 and family <> 'compression-qwen1.5' order by m.line"
)


def replicate(corpus: Corpus) -> list[Row]:
    """Slope and intercept, against an independent check and as printed."""
    rows = corpus.query(MODELS).fetchnumpy()
    columns = {name: np.asarray(rows[name], float) for name in ("params", "tokens", "bpc")}
    found = fit(laws["more_compute"], columns, objective="lsq").values
    printed = published(corpus, "morecompute2024-bpc").coefficients
    place = "independent check of figure 1, 18 models"
    why = "the tokens of public models are stated to two digits"
    return [
        Row("models", 18, len(columns["bpc"]), 0, place, "a count", unit="models"),
        Row("slope", -0.0308, found["a"], 0.002, place, why, unit="bits/character"),
        Row("intercept", 0.573, found["b"], 0.002, place, why, unit="bits/character"),
        Row(
            "slope, as printed",
            printed["slope"],
            found["a"],
            0.002,
            "equation 2; note in published_laws",
            why,
            unit="bits/character",
        ),
        Row(
            "intercept, as printed",
            printed["intercept"],
            found["b"],
            0.002,
            "equation 2; note in published_laws",
            why,
            unit="bits/character",
        ),
    ]


REPLICATION = Replication(
    replicate,
    question="Does compression follow the logarithm of parameters times tokens, across makers?",
    paper="Guo (2024), More Compute Is What You Need, arXiv:2404.19484",
    needs=("published-laws", "compression-bpc"),
)
