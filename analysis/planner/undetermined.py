"""What to do where runs do not determine the law that a plan needs."""

from __future__ import annotations

import numpy as np

from scalebook.corpus.errors import Misuse

from ..engine.fitted import Fit
from ..estimation import Options, estimate
from ..law import Law, laws
from ..points import Points
from .coefficients import Coefficients, refuse_unplannable
from .request import Request
from .solved import surface_of

#: A law whose best split is further than this, by a factor, from the tokens per parameter of the runs is not proposed.
USUAL = 10.0


def what_to_do(points: Points, fit: Fit) -> str:
    """One sentence: what is missing, and every way on that these runs have."""
    why = fit.reason or fit.status.replace("_", " ")
    smaller = smaller_law(points, fit.law)
    with_law = f"with --law {smaller}, which has fewer coefficients and is determined, " if smaller else ""
    return (
        f"{points.family} does not determine {fit.law.name} ({why}), so that there is nothing to plan with: add"
        " checkpoints, or runs at other sizes and tokens per parameter; or plan with --borrow, which takes from the"
        f" corpus what these runs leave open, {with_law}or with a published law, such as --coefficients"
        " besiroglu2024-published"
    )


def smaller_law(points: Points, beyond: Law) -> str | None:
    """The law of most coefficients, but fewer than another one, that the runs determine and that has a best split."""
    fewer = [law for law in laws.values() if len(law.free) < len(beyond.free) and _plannable(law)]
    for law in sorted(fewer, key=lambda law: -len(law.free)):
        if _determined(points, law):
            return law.name
    return None


def _plannable(law: Law) -> bool:
    try:
        refuse_unplannable(law)
    except Misuse:
        return False
    return "unique_tokens" not in law.inputs


def _determined(points: Points, law: Law) -> bool:
    try:
        fit = estimate(points, law.name, Options(cluster="none", allow_mixed=True)).fit
    except Misuse:
        return False
    if fit.status != "converged":
        return False
    flops = 6 * float((points["params"] * points["tokens"]).max())
    found = Coefficients(points.family, "", fit.law, fit.values)
    n, d = surface_of(found, Request(flops=flops)).best_for(flops)
    ratio, best = points["tokens"] / points["params"], float(np.exp(d - n)[0, 0])
    return bool(ratio.min() / USUAL <= best <= ratio.max() * USUAL)
