"""Gadre et al. (2024): loss and downstream error of over-trained models, from five small runs, on three corpora.

A chain through the predicted loss can look perfect because two errors cancel, as on C4: the corrected number beside it
starts from the observed loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import fit
from ..law import Array, laws
from ..points import Mask
from ..replication import Replication, Row

#: The 17 tasks on which the smallest runs do better than chance by 10 points.
TASKS = [
    "arc_easy",
    "bigbench_cs_algorithms",
    "bigbench_dyck_languages",
    "bigbench_novel_concepts",
    "bigbench_operators",
    "bigbench_qa_wikidata",
    "boolq",
    "commonsense_qa",
    "copa",
    "coqa",
    "hellaswag",
    "hellaswag_zeroshot",
    "lambada_openai",
    "piqa",
    "pubmed_qa_labeled",
    "squad",
    "winograd",
]
CORPORA = {"gadre-redpajama": "RedPajama", "gadre-c4": "C4", "gadre-refinedweb": "RefinedWeb"}
LARGEST, LONGEST = "6.9B at 20 tokens per parameter", "1.4B trained longest"
MEAN = "mean of 17 tasks"
#: Relative errors on RedPajama in per cent: of the loss, and of the mean error of 17 tasks.
CHECKED = {"loss": {LARGEST: 0.7320, LONGEST: 0.7103}, "error": {LARGEST: 0.0464, LONGEST: 3.6365}}
#: Table 2: relative errors of downstream error at 6.9B in per cent, by corpus as in `CORPORA`.
TABLE2 = {
    "arc_easy": (5.21, 28.96, 26.06),
    "lambada_openai": (14.39, 15.01, 16.55),
    "openbook_qa": (8.44, 16.80, 1.92),
    "hellaswag_zeroshot": (25.73, 79.58, 81.96),
    MEAN: (0.05, 0.14, 2.94),
}
OTHER = "the number beside it is that of RedPajama, the only one that the paper prints; this corpus differs"


@dataclass(frozen=True)
class Models:
    """Runs of one corpus: their last loss on C4, and their errors by task, shape (n,)."""

    params: Array
    tokens: Array
    loss: Array
    errors: dict[str, Array]

    @property
    def ratio(self) -> Array:
        """Tokens per parameter."""
        return np.round(self.tokens / self.params)

    def at(self, place: int) -> tuple[float, float, float]:
        """Size, tokens and loss of one run."""
        return float(self.params[place]), float(self.tokens[place]), float(self.loss[place])


def models(corpus: Corpus, family: str) -> Models:
    """Runs of a corpus by size and tokens; the loss is that on C4, whatever a run was trained on."""
    rows = corpus.frame(
        "select r.params, m.tokens, m.task, m.value from runs r join metrics m using (run) where family = ?"
        " and (m.metric = 'accuracy' or m.metric = 'loss' and m.task = 'c4_val')",
        [family],
    )
    wide = rows.pivot(index=["params", "tokens"], columns="task", values="value").sort_index()
    single = [task for task in TABLE2 if task != MEAN]
    errors = {task: 1 - wide[task].to_numpy(float) for task in single} | {MEAN: 1 - wide[TASKS].mean(axis=1).to_numpy()}
    params, tokens = (wide.index.get_level_values(name).to_numpy(float) for name in ("params", "tokens"))
    return Models(params, tokens, wide["c4_val"].to_numpy(float), errors)


def seen(runs: Models) -> tuple[Mask, Mask]:
    """Five small runs for the loss, and the 1.4B run at 20 tokens per parameter besides for the error."""
    small = np.unique(runs.params)[:4]
    cheap = np.isin(runs.params, small) & (runs.ratio == 20) | (runs.params == small[0]) & (runs.ratio == 320)
    return cheap, cheap | (runs.params > 1e9) & (runs.params < 2e9) & (runs.ratio == 20)


def targets(runs: Models) -> dict[str, int]:
    """The largest run, and the 1.4B run that was trained longest."""
    middle = (runs.params > 1e9) & (runs.params < 2e9)
    return {LARGEST: int(np.argmax(runs.params)), LONGEST: int(np.argmax(np.where(middle, runs.tokens, 0.0)))}


def chained(runs: Models, task: str, place: int) -> tuple[float, float, float]:
    """Relative errors in per cent: of the loss, of the error from the predicted loss, and from the observed one."""
    cheap, more = seen(runs)
    columns = {name: getattr(runs, name)[cheap] for name in ("params", "tokens", "loss")}
    first = fit(laws["overtraining"], columns, objective="lsq")
    second = fit(laws["loss_to_error"], {"loss": runs.loss[more], "error": runs.errors[task][more]}, objective="lsq")
    params, tokens, loss = runs.at(place)
    predicted = float(first.predict(params=params, tokens=tokens))
    error = runs.errors[task][place]
    through, direct = (float(second.predict(loss=at)) for at in (predicted, loss))
    return 100 * abs(predicted / loss - 1), 100 * abs(through / error - 1), 100 * abs(direct / error - 1)


def replicate(corpus: Corpus) -> list[Row]:
    """Errors of both forecasts, chained through the predicted loss and from the observed one."""
    return [row for k, family in enumerate(CORPORA) for row in _of_corpus(models(corpus, family), CORPORA[family], k)]


def _of_corpus(runs: Models, title: str, k: int) -> Iterator[Row]:
    place, first = "section 4, figures 1 and 5; independent check", k == 0
    for name, at in targets(runs).items():
        loss, error, direct = chained(runs, MEAN, at)
        ratio = f"{name}, {runs.ratio[at]:g} tokens per parameter" if name == LONGEST else name
        for what, ours, digit, corrected in (("loss", loss, 0.01, None), ("error", error, 0.1, direct)):
            if what == "error" and name == LARGEST and not first:
                continue  # table 2 has it
            yield Row(
                f"{title}, {ratio}: {'loss' if what == 'loss' else MEAN}, relative error",
                CHECKED[what][name],
                ours,
                digit,
                place if first else f"{place}, of RedPajama",
                "1e-4 of the loss, 1e-3 of the error",
                "" if first else OTHER,
                corrected,
                "percent",
            )
    for task, published in TABLE2.items():
        _, error, direct = chained(runs, task, targets(runs)[LARGEST])
        name = f"{title}, {LARGEST}: {task}, in table 2"
        yield Row(
            name, published[k], error, 0.0051, "table 2", "printed to .01 points", corrected=direct, unit="percent"
        )


REPLICATION = Replication(
    replicate,
    question="Do five small runs predict loss and downstream error of over-trained models?",
    paper="Gadre et al. (2024), Language Models Scale Reliably with Over-Training, arXiv:2403.08540",
    needs=("gadre-overtrain",),
)
