"""From Kaplan's exponent to Chinchilla's, one correction at a time.

The same shapes were trained by five recipes on two data sets. Each step corrects one thing: the compute of the last
layer is counted, the warm-up is made shorter for small models, the learning rate decays to the budget of each run, and
the optimiser is tuned for every size. The exponent of the optimal size falls from Kaplan's .88 to Chinchilla's .5 [1]_.

References
----------
.. [1] Porian et al. (2024), Resolving Discrepancies in Compute-Optimal Scaling, arXiv:2406.19146, figure 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse, UnknownName

from ..points import Points
from .approach import DEFAULT, optimal
from .frontier import Frontier, Options

Count = Literal["kaplan", "standard", "attention"]

#: What N counts, how it is called in the corpus, and where it stands for a run (attention: N of a point is C / 6 D).
COUNTS = {
    "kaplan": ("non-embedding", "r.params_non_embedding"),
    "standard": ("non-embedding+head", "r.params"),
    "attention": ("attention", "c.flops / (6 * m.tokens)"),
}
DATA = {"rw": "RefinedWeb", "owt2": "OpenWebText2"}


@dataclass(frozen=True)
class Step:
    """One correction.

    Parameters
    ----------
    title : str
        As the paper calls it.
    recipe : str
        Hyperparameters, warm-up and decay, as in the names of the families.
    count : {"kaplan", "standard"}
        What N and C count.
    published : float
        Exponent of the optimal size on RefinedWeb.
    """

    title: str
    recipe: str
    count: Count
    published: float


STEPS = (
    Step("reproducing Kaplan et al.", "base-long-kaplan", "kaplan", 0.835),
    Step("counting last layer FLOPs", "base-long-kaplan", "standard", 0.706),
    Step("correcting warmup", "base-short-kaplan", "standard", 0.602),
    Step("cosine decay", "base-short-chinchilla", "standard", 0.571),
    Step("optimizer tuning (no decay)", "tuned-short-const", "standard", 0.497),
)


@dataclass(frozen=True)
class Account:
    """A step with the frontier that it leads to; `published` is known for RefinedWeb only."""

    step: Step
    frontier: Frontier
    published: float | None


def accounting(
    corpus: Corpus, data: str = "rw", *, approach: str = "isoflop_akima", options: Options = DEFAULT
) -> tuple[Account, ...]:
    """The exponent after each correction.

    Parameters
    ----------
    data : {"rw", "owt2"}
        RefinedWeb or OpenWebText2.
    approach : str
        As in `approach.optimal`; the paper's is Akima's interpolation.
    """
    if data not in DATA:
        raise UnknownName("data set", data, DATA)
    return tuple(
        Account(
            step,
            optimal(counted_points(corpus, f"porian-{data}-{step.recipe}", step.count), approach, options),
            step.published if data == "rw" else None,
        )
        for step in STEPS
    )


def counted_points(corpus: Corpus, family: str, count: Count) -> Points:
    """Points of a family of Porian et al. under one definition of N, and with it of C = 6 N D.

    Parameters
    ----------
    family : str
        Such as ``porian-rw-base-long-kaplan``.
    count : {"kaplan", "standard", "attention"}
        Without embeddings and head; with the head; and with the attention over the context, as FLOPs / 6 D.

    Raises
    ------
    Misuse
        If the source has no such points.
    """
    if count not in COUNTS:
        raise UnknownName("count", count, COUNTS)
    basis, size = COUNTS[count]
    rows = corpus.query(
        f"select m.run, {size} as params, m.tokens, c.flops, m.value as loss, c.flops_basis"
        " from metrics m join checkpoints c on c.run = m.run and c.tokens = m.tokens join runs r on r.run = m.run"
        " where r.family = ? and m.key = ? and c.flops is not null order by params, m.run, m.tokens",
        [family, f"param_count={count}"],
    ).fetchnumpy()
    if not len(rows["loss"]):
        raise Misuse(f"{family!r} has no points under the count {count!r}")
    columns = {name: np.asarray(rows[name], float) for name in ("params", "tokens", "flops", "loss")}
    texts = {name: np.asarray(rows[name], object) for name in ("run", "flops_basis")}
    texts["params_basis"] = np.full(len(rows["loss"]), basis, object)
    return Points(family, texts | columns, related="porian")
