"""What could make a forecast from a user's runs wrong, and the checklist that every fit should answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from scalebook.analysis.annealing import rate_share
from scalebook.analysis.bases import named
from scalebook.analysis.briefing import Briefing
from scalebook.analysis.designs import one_ratio, ratios
from scalebook.analysis.finding import STYLES, Evidence, Shown
from scalebook.analysis.forecast.mixture import KINDS

from .report import Block, Checklist, Text
from .sections import grid_of

#: What forecasts of the corpus were steadier with.
FEW_SIZES, NARROW = 4, 8.0
NOTHING = "No risk was found beyond what the interval holds already."


def _found(known: Briefing) -> Iterator[tuple[str, str]]:
    """Risks with what to do about each, the gravest first."""
    points = known.points
    for warning in known.forecasts.warnings:
        yield warning, "Read the interval as a lower bound of what can happen, or train what is missing."
    sizes = known.forecasts.sizes
    if sizes < FEW_SIZES:
        yield (
            f"there are {sizes} sizes; with fewer than {FEW_SIZES} the error is several times that of more",
            "Train one size more before the target; the next runs above are chosen for that.",
        )
    spread = float(points.sizes[-1] / points.sizes[0])
    if sizes > 1 and spread < NARROW:
        yield (
            f"the largest run is {spread:.3g} times the smallest: the exponent of size is read off a short range",
            "Add a much smaller size, which is cheap.",
        )
    ratio = ratios(points)
    if sizes > 1 and one_ratio(ratio):
        yield (
            f"all points have about {np.median(ratio):.3g} tokens per parameter: size and data cannot be told apart",
            "Train the smallest size for several times as long; a plan rests on telling them apart.",
        )
    if len(points.runs) == known.forecasts.sizes:
        yield (
            "no size was trained twice: the scatter of a run is what other families showed",
            "Repeat the smallest run with another seed.",
        )
    if np.isnan(rate_share(points)[points.final]).all():
        yield (
            "it is not known how runs were annealed",
            "Compare only runs whose schedule ended; the last checkpoint of each run is taken for its end.",
        )
    if not isinstance(known.next_run, str):
        for note in known.next_run.notes:
            yield note, "See the next runs."
    if not isinstance(known.plan, str):
        for note in known.plan.notes:
            yield note, "See the plan."


def _table(known: Briefing) -> Evidence:
    told = dict(_found(known))
    rows = pd.DataFrame({"risk": list(told), "remedy": list(told.values())})
    return Evidence(rows, {"risk": Shown("risk"), "remedy": Shown("what to do")})


def in_short(known: Briefing) -> str:
    """The gravest risk."""
    first = next(_found(known), None)
    return f"Mind: {first[0]}." if first else ""


def blocks(known: Briefing) -> list[Block]:
    """All of them."""
    table = _table(known)
    if not len(table.rows):
        return [Text(NOTHING)]
    return [grid_of(table, "What could make the forecast wrong, the gravest first.")]


def checklist(known: Briefing) -> list[Block]:
    """The questions of (Mis)Fitting, answered."""
    points, found = known.points, known.forecasts
    count = STYLES["count"]
    facts = {
        "points": count(found.points),
        "runs": count(found.runs),
        "sizes": count(found.sizes),
        "level of intervals": f"{100 * found.level:g} %",
        "ways to fit": count(len(KINDS)),
    }
    rows = pd.DataFrame({"what": list(facts), "value": list(facts.values())})
    table = Evidence(rows, {"what": Shown("what"), "value": Shown("value")})
    cells = {name.split()[0]: (name, "value") for name in facts}
    items = [
        (
            "Which form, with which free coefficients?",
            "Chinchilla's (E, A, B, alpha, beta) and a power of compute (E, C_0, a), each fitted to ends of runs and to"
            " all checkpoints, weighed by what they foretold.",
        ),
        (
            "What do N, D and C count, and how?",
            f"N: {named(points, 'params_basis') or 'not stated in the file'}. D: tokens seen. C: six times N times D.",
        ),
        ("Which runs?", table.say("All {runs} runs of {sizes} sizes in the file; {points} points.", **cells)),
        ("How were learning rate and batch chosen?", "By you; the file does not say, and no term of the law does."),
        ("Which metric, on which evaluation set?", f"The loss of the file, in {points.unit}, taken as one set."),
        ("Which checkpoints, any smoothing?", "All after the transient; nothing is smoothed."),
        (
            "Which objective, optimiser, starts?",
            "Normal residuals of the logarithm of the loss with a normal prior from the corpus; Levenberg-Marquardt"
            " from several starts that must agree.",
        ),
        ("Which points were dropped, and why?", "The transient of every run; see the notes of the file for others."),
        ("How was it validated?", "Each size was foretold from the smaller ones, and the corpus was rehearsed."),
        (
            "What is uncertain?",
            table.say("Intervals of {level} are as wide as those of rehearsals had to be to hold as often.", **cells),
        ),
    ]
    return [Checklist(items), grid_of(table, "The numbers of these answers.")]
