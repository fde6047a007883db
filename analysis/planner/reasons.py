"""What people are told about a design: what it changes, what to know, and what cannot be answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scalebook.corpus.errors import Misuse

from ..designs import levels
from ..points import SAME_SIZE, Points
from .candidates import Candidate, Target, candidates, longest, short

#: How far beyond the runs, in size, the corpus has few families to learn from.
FAR = 1000.0
#: FLOPs of the smallest run that may be a target: a thousand parameters on a thousand tokens.
LEAST_BUDGET = 6e6


def check(points: Points, budget: float, target: Target) -> None:
    """Refuse numbers that make no question.

    Raises
    ------
    Misuse
        A number is not positive, or the target lies within the runs.
    """
    check_budget(budget)
    for what, value, such_as in (("parameters", target.params, "7e9"), ("tokens", target.tokens, "1.4e11")):
        if not (np.isfinite(value) and value > 0):
            raise Misuse(f"a target of {value:g} {what}: write a number above 0, such as {such_as}")
    seen = float((6 * points["params"] * points["tokens"]).max())
    if target.flops <= seen:
        raise Misuse(
            f"the target ({short(target.params)} parameters on {short(target.tokens)} tokens, {target.flops:.3g} FLOPs)"
            f" is no larger than the largest run ({seen:.3g} FLOPs): there is nothing to extrapolate to"
        )
    if target.params * SAME_SIZE < points.sizes[0]:
        raise Misuse(
            f"the target has {short(target.params)} parameters and the smallest run {short(float(points.sizes[0]))}:"
            " runs are planned up to a larger model, so give smaller runs or a larger target"
        )


def check_budget(budget: float) -> None:
    """Refuse what no one can have meant as training FLOPs.

    Raises
    ------
    Misuse
        It is not finite, or no run costs as little.
    """
    if not (np.isfinite(budget) and budget > 0):
        raise Misuse(f"a budget of {budget:g} FLOPs: write a number above 0, such as 1e21")
    if budget < LEAST_BUDGET:
        raise Misuse(f"a budget of {budget:g} FLOPs is below that of any run: write FLOPs out, such as 1e21")


def nothing_affordable(points: Points, budget: float, target: Target) -> str:
    """What to say when a budget buys no run: what the cheapest costs."""
    every = candidates(points, target.params, target.tokens, np.inf)
    cheapest = min(every, key=lambda one: one.flops)
    return (
        f"a budget of {budget:.3g} FLOPs buys none of {len(every)} candidates: the cheapest,"
        f" {cheapest.label} tokens, costs {cheapest.flops:.3g} FLOPs"
    )


def notes(points: Points, budget: float, target: Target) -> tuple[str, ...]:
    """What to know about the answer."""
    said = []
    if len(points.runs) == 1:
        said.append("there is one run: how loss changes with size is taken from the corpus alone")
    elif levels(points) < 3:
        said.append(f"there are {levels(points)} sizes: how loss changes with size rests mostly on the corpus")
    if budget >= target.flops:
        said.append(f"the budget pays for the target itself, which costs {target.flops:.3g} FLOPs")
    if (far := target.params / float(points.sizes[-1])) > FAR:
        said.append(f"the target is {far:.0f} times the largest run; few families of the corpus reach so far")
    return tuple(said)


def reason(points: Points, target: Target, runs: Sequence[Candidate]) -> str:
    """What some runs change: sizes, distance to the target, and the target's own curve."""
    if not runs:
        return "the forecast from the runs so far"
    whole = [run.params for run in runs if not run.partial]
    before, largest = levels(points), float(points.sizes[-1])
    sizes = np.sort(np.concatenate([points.sizes, whole]))
    after = 1 + int((sizes[1:] > SAME_SIZE * sizes[:-1]).sum()) if len(whole) else before
    said = []
    if after > before:
        said.append(f"{after} sizes for {before}")
    if whole and (top := max(whole)) > largest:
        said.append(
            f"the target is {target.params / top:.2g} times the largest size, not {target.params / largest:.2g}"
        )
    elif known := [run for run in runs if not run.partial and longest(points, run.params)]:
        more = any(run.tokens > longest(points, run.params) * (1 + 1e-9) for run in known)
        said.append(f"more {'tokens per parameter' if more else 'runs'} at known sizes")
    if any(run.partial for run in runs):
        said.append("the target's own curve begins, which is no extra cost if it is trained on")
    return "; ".join(said)
