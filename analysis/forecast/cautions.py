"""What makes a forecast less sure than its interval says."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from ..annealing import ANNEALED, MID_RUN, rate_share
from ..designs import between, levels, ratios, trained
from ..points import Points
from .experience import AUTO, CONTINUED, Design, Experience
from .form import Array

#: Weight of laws fitted to all checkpoints from which on a forecast rests on them.
RESTS = 0.5
#: Tokens per parameter of the target beyond those seen by so much are another regime.
ANOTHER_RATIO = 8.0


def cautions(
    points: Points,
    params: Array,
    tokens: Array,
    known: Experience,
    leave_out: Collection[str],
    mid_run: float,
) -> tuple[str, ...]:
    """Sentences, each about one thing, the gravest first.

    Parameters
    ----------
    params, tokens : array, shape (n,)
        Targets.
    mid_run : float
        Weight of the laws that learn from checkpoints before the ends of runs.
    """
    far = _far(points, params, tokens, known, leave_out)
    below = _below(points, params, tokens)
    return (*far, *below, *_over_trained(points, params, tokens), *_annealed(points, mid_run), *_repeated(points))


def _far(points: Points, params: Array, tokens: Array, known: Experience, leave_out: Collection[str]) -> Iterator[str]:
    """Targets beyond what the corpus ever tried."""
    worst = max(
        (
            Design(levels(points), float(n / points["params"].max()), float(d / points["tokens"].max()))
            for n, d in zip(params, tokens, strict=True)
        ),
        key=lambda design: design.ratio,
    )
    mine = known.of(AUTO, worst, leave_out).numbers
    column = "tokens_ratio" if worst.continued else "params_ratio"
    like = np.abs(np.log2(mine["sizes"] / worst.sizes)) <= 1.0
    most = float(mine[column][like].max(initial=1.0))
    if worst.ratio > most * 1.001:
        what = "tokens" if worst.continued else "size"
        yield (
            f"the target is {worst.ratio:.3g} times beyond the runs in {what}; forecasts from about as many sizes were"
            f" rehearsed to {most:.3g} times only: the interval is a guess"
        )


def is_below(points: Points, params: float, tokens: float) -> bool:
    """Whether a target is smaller, or shorter, than everything that was trained."""
    return bool(CONTINUED * params < points["params"].min() or CONTINUED * tokens < points["tokens"].min())


def _below(points: Points, params: Array, tokens: Array) -> Iterator[str]:
    """Targets below all runs, as no rehearsal was."""
    below = [(n, d) for n, d in zip(params, tokens, strict=True) if is_below(points, float(n), float(d))]
    if below:
        n, d = min(below)
        yield (
            f"the target of {n:.3g} parameters on {d:.3g} tokens is smaller or shorter than all runs, which begin at"
            f" {points['params'].min():.3g} parameters and {points['tokens'].min():.3g} tokens: only forecasts of"
            " larger models were rehearsed"
        )


def _over_trained(points: Points, params: Array, tokens: Array) -> Iterator[str]:
    """Targets with far more, or far fewer, tokens per parameter than any run."""
    seen = ratios(points)
    asked = tokens / params
    for value, beyond in ((asked.max(), asked.max() / seen.max()), (asked.min(), seen.min() / asked.min())):
        if beyond > ANOTHER_RATIO:
            yield (
                f"the target has {value:.3g} tokens per parameter and the runs {between(seen)}: "
                + (
                    "laws fitted at ordinary ratios promised too low a loss for over-trained models"
                    if value > seen.max()
                    else "no run is as short for its size"
                )
            )


def _annealed(points: Points, mid_run: float) -> Iterator[str]:
    """Ends of runs, or what the forecast rests on beside them, of which some are annealed and some are not."""
    share = rate_share(points)
    annealed, full = share < ANNEALED, share > MID_RUN
    low, high = int(np.sum(annealed & points.final)), int(np.sum(full & points.final))
    falls = np.isin(points.run_index, points.run_index[annealed & points.final])
    before = int(np.sum(full & falls & trained(points) & ~points.final))
    if low and high:
        yield (
            f"{low} runs end annealed and {high} at more than {MID_RUN:.0%} of their peak learning rate: their losses"
            " do not lie on one law; leave out either"
        )
    if before and mid_run >= RESTS:
        yield (
            f"{mid_run:.0%} of the forecast rests on laws that are fitted to checkpoints too, {before} of them at more"
            f" than {MID_RUN:.0%} of the peak learning rate of runs that end annealed: their losses lie above such ends"
        )


def _repeated(points: Points) -> Iterator[str]:
    """Data that were seen several times."""
    if "unique_tokens" not in points.columns:
        return
    epochs = points["tokens"] / points["unique_tokens"]
    worst = float(np.nanmax(epochs)) if np.isfinite(epochs).any() else 1.0
    if worst > 4.0:
        yield f"runs repeat their data up to {worst:.3g} times; the forecast takes repeated tokens for new ones"
