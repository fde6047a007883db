"""Sardana et al. (2024): smaller models, trained longer, when inference counts; and what extreme ratios do to a fit."""

from __future__ import annotations

from collections.abc import Iterator

from scalebook.corpus.database import Corpus

from ..fit import fit
from ..law import laws
from ..planner.cost import Prices, cheapest, frontier_of_loss, frontier_of_size, loss_of
from ..points import family_points
from ..published import published
from ..replication import Replication, Row

EXACT = "a closed calculation: the published digits"
SAME = "independent check of the paper's planner"
THIRD = (
    "the number of requests behind it is in no stored text; the independent check gets it where inference"
    " costs a third of training per FLOP at peak; the prices and peaks of the paper's other example give .21"
)
#: Input and output tokens of a request, and requests.
REQUESTS, READ, WRITTEN = 1e10, 1000, 250


def replicate(corpus: Corpus) -> list[Row]:
    """The FLOP planner, the dollar planner, and the forecast at 10,000 tokens per parameter."""
    law = dict(published(corpus, "sardana2024-as-used").coefficients)
    return [*_flops(law), *_dollars(law, _prices(corpus)), _seventy(), *_extreme(corpus)]


def _flops(law: dict[str, float]) -> Iterator[Row]:
    """Quality of a 13B model on the frontier, and two trillion tokens of inference."""
    base = frontier_of_size(law, 13e9)
    plan = cheapest(law, loss_of(law, base), 2e12)
    spent, before = plan.total_flops, base.train_flops + 2 * base.params * 2e12
    for test, theirs, ours, unit in (
        ("parameters", 6.969e9, plan.params, "parameters"),
        ("training tokens", 1.248e12, plan.tokens, "tokens"),
        ("training tokens against the frontier's", 2.165, plan.tokens / base.tokens, "1"),
        ("FLOPs over its life", 8.005e22, spent, "FLOP"),
        ("FLOPs of the frontier's model over its life", 9.697e22, before, "FLOP"),
        ("saving", -17.45, 100 * (spent / before - 1), "percent"),
    ):
        name = f"13B quality, 2e12 inference tokens: {test}"
        yield Row(name, theirs, ours, 1e-3 * abs(theirs), f"section 3, figure 1; {SAME}", EXACT, unit=unit)


def _prices(corpus: Corpus) -> Prices:
    """Training in bf16 on A100-80, inference in int8 on A100-40, at the peaks and prices that the corpus states."""
    (train,), (served,) = (
        corpus.rows(
            "select dollars_per_hour / 3600 / peak_flops from hardware where device = ? and precision = ?", [*on]
        )
        for on in (("A100-80GB", "bf16"), ("A100-40GB", "int8"))
    )
    return Prices(train[0], served[0], train_use=0.5, input_use=0.4, output_use=0.2)


def _dollars(law: dict[str, float], prices: Prices) -> Iterator[Row]:
    """A loss of 1.947 and ten billion requests."""
    served = prices.effective_tokens(REQUESTS * READ, REQUESTS * WRITTEN)
    base = frontier_of_loss(law, 1.947)
    plan = cheapest(law, 1.947, served)
    before = base.train_flops + 2 * base.params * served
    for test, theirs, ours, unit in (
        ("parameters", 20.53e9, plan.params, "parameters"),
        ("training tokens", 3.302e12, plan.tokens, "tokens"),
        ("parameters against the frontier's", 60.23, 100 * plan.params / base.params, "percent"),
        ("tokens against the frontier's", 182.41, 100 * plan.tokens / base.tokens, "percent"),
        ("cost against the frontier's", 88.76, 100 * plan.total_flops / before, "percent"),
    ):
        name = f"loss 1.947, 1e10 requests, in dollars: {test}"
        yield Row(name, theirs, ours, 1e-3 * abs(theirs), f"section 4; {SAME}", EXACT, unit=unit)


def _extreme(corpus: Corpus) -> Iterator[Row]:
    """Law fitted at up to 100 tokens per parameter, and at all: the loss at 10,000."""
    points = family_points(corpus, "beyond-chinchilla")
    ratio = points["tokens"] / points["params"]
    for name, theirs, seen in (
        ("up to 100 tokens per parameter", 2.600, points.where(ratio <= 100)),
        ("all", 2.883, points),
    ):
        found = fit(laws["chinchilla"], seen.columns)
        ours = float(found.predict(params=151e6, tokens=1.51e12))
        yield Row(
            f"loss at 10,000 tokens per parameter, fitted to {name}",
            theirs,
            ours,
            0.01,
            "section 5, appendix: law fitted to its 47 runs; independent check",
            "the optimiser's tolerance along a flat valley",
            unit="nats/token",
        )
    at = int(ratio.argmax())
    yield Row(
        "observed there",
        3.060,
        float(points["loss"][at]),
        5e-4,
        "its table of runs",
        "the printed digits",
        unit="nats/token",
    )


def _seventy() -> Row:
    """A number whose inputs the paper's text leaves open."""
    return Row(
        "70B quality in dollars: what the frontier's model costs more",
        36.0,
        float("nan"),
        1.0,
        "section 4, as quoted in an independent check",
        "printed to a per cent",
        THIRD,
        unit="percent",
    )


REPLICATION = Replication(
    replicate,
    question="How much smaller and longer should a model be trained when it will be used a lot?",
    paper="Sardana, Portes, Doubov, Frankle (2024), Beyond Chinchilla-Optimal, arXiv:2401.00448",
    needs=("published-laws", "hardware", "beyond-chinchilla"),
)
