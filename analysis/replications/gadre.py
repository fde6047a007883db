"""Gadre et al. (2024): loss and downstream error of over-trained models, from five small runs, on three corpora."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import Fit, fit
from ..law import Array, laws
from ..replication import Replication, Row

#: The 17 tasks on which the smallest runs do better than chance by 10 points.
TASKS = (
    "arc_easy bigbench_cs_algorithms bigbench_dyck_languages bigbench_novel_concepts bigbench_operators"
    " bigbench_qa_wikidata boolq commonsense_qa copa coqa hellaswag hellaswag_zeroshot lambada_openai piqa"
    " pubmed_qa_labeled squad winograd"
).split()
CORPORA = {"gadre-redpajama": "RedPajama", "gadre-c4": "C4", "gadre-refinedweb": "RefinedWeb"}
LARGEST, LONGEST = "6.9B at 20 tokens per parameter", "1.4B at 640 tokens per parameter"
#: Relative errors in per cent: of the loss, and of the mean error of 17 tasks.
CHECKED = {
    "gadre-redpajama": {"loss": {LARGEST: 0.7320, LONGEST: 0.7103}, "error": {LARGEST: 0.0464, LONGEST: 3.6365}},
}
#: Table 2: the mean of 17 tasks at 6.9B, to two decimals.
TABLE2 = {"gadre-redpajama": 0.05, "gadre-c4": 0.14, "gadre-refinedweb": 2.94}
PRINTED = "printed to .01 points"


@dataclass(frozen=True)
class Models:
    """Runs of one corpus, each with its last loss on C4 and its mean error on the 17 tasks, shape (n,)."""

    params: Array
    tokens: Array
    loss: Array
    error: Array

    @property
    def ratio(self) -> Array:
        """Tokens per parameter."""
        return np.round(self.tokens / self.params)

    def columns(self, mask: Array, *names: str) -> dict[str, Array]:
        """Columns of some runs."""
        return {name: getattr(self, name)[mask] for name in names}


def models(corpus: Corpus, family: str) -> Models:
    """Runs of a corpus by size and tokens; the loss is that on C4, whatever a run was trained on."""
    rows = corpus.query(
        "select r.params, m.tokens, max(value) filter (metric = 'loss' and task = 'c4_val') as loss,"
        " 1 - avg(value) filter (metric = 'accuracy' and list_contains(?, task)) as error"
        " from runs r join metrics m using (run) where family = ? group by all having loss is not null order by all",
        [TASKS, family],
    ).fetchnumpy()
    return Models(*(np.asarray(rows[name], float) for name in ("params", "tokens", "loss", "error")))


def chain(runs: Models) -> tuple[Fit, Fit]:
    """Loss from size and tokens (five small runs), and error from loss (the 1.4B run at 20 besides)."""
    small = np.unique(runs.params)[:4]
    cheap = np.isin(runs.params, small) & (runs.ratio == 20) | (runs.params == small[0]) & (runs.ratio == 320)
    middle = (runs.params > 1e9) & (runs.params < 2e9) & (runs.ratio == 20)
    loss = fit(laws["overtraining"], runs.columns(cheap, "params", "tokens", "loss"), objective="lsq")
    return loss, fit(laws["loss_to_error"], runs.columns(cheap | middle, "loss", "error"), objective="lsq")


def replicate(corpus: Corpus) -> list[Row]:
    """Errors of both forecasts, chained through the predicted loss and from the observed one."""
    return [row for family in CORPORA for row in _of_corpus(models(corpus, family), family)]


def _of_corpus(runs: Models, family: str) -> Iterator[Row]:
    loss, error = chain(runs)
    for name, one in {
        LARGEST: runs.params > 6e9,
        LONGEST: (runs.params > 1e9) & (runs.params < 2e9) & (runs.ratio == 640),
    }.items():
        if not one.any():
            continue
        seen = {key: float(values[0]) for key, values in runs.columns(one, "params", "tokens", "loss", "error").items()}
        predicted = float(loss.predict(params=seen["params"], tokens=seen["tokens"]))
        chained, direct = (float(error.predict(loss=at)) for at in (predicted, seen["loss"]))
        off = {"loss": abs(predicted / seen["loss"] - 1), "error": abs(chained / seen["error"] - 1)}
        unchained = 100 * abs(direct / seen["error"] - 1)
        yield from _rows(family, name, 100 * off["loss"], 100 * off["error"], unchained)


def _rows(family: str, name: str, loss: float, error: float, unchained: float) -> Iterator[Row]:
    title, known = CORPORA[family], CHECKED.get(family)
    if known:
        place = "section 4, figures 1 and 5; independent check"
        yield Row(f"{title}, {name}: loss", known["loss"][name], loss, 0.01, place, "1e-4 of the loss", unit="percent")
        yield Row(f"{title}, {name}: error of 17 tasks", known["error"][name], error, 0.1, place,
                  "1e-3 of the error", corrected=unchained, unit="percent")  # fmt: skip
    elif name == LONGEST:
        yield Row(f"{title}, {name}: loss", 0.7, loss, 2.0, "abstract, of RedPajama",
                  "another corpus: the paper calls its errors comparable", OTHER, unit="percent")  # fmt: skip
    if name == LARGEST:
        yield Row(f"{title}, {name}: mean error of 17 tasks, as in table 2", TABLE2[family], error, 0.0051, "table 2",
                  PRINTED, CANCEL if family == "gadre-c4" else "", corrected=unchained, unit="percent")  # fmt: skip


OTHER = "the paper gives this number for RedPajama only; the corpora differ"
CANCEL = "two errors cancel: beside it stands the error from the observed loss, which does not profit from that"

REPLICATION = Replication(
    replicate,
    question="Do five small runs predict loss and downstream error of over-trained models?",
    paper="Gadre et al. (2024), Language Models Scale Reliably with Over-Training, arXiv:2403.08540",
    needs=("gadre-overtrain",),
)
