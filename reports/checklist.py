"""The checklist of (Mis)Fitting, answered from the results that a report prints."""

from __future__ import annotations

import pandas as pd

from scalebook.analysis.designs import TRANSIENT
from scalebook.analysis.finding import STYLES, Evidence, Shown
from scalebook.analysis.results import BASELINES
from scalebook.analysis.study import fitted
from scalebook.analysis.variants import law_named

from .report import Block, Checklist
from .sections import grid_of


def checklist(results: pd.DataFrame) -> list[Block]:
    """What every fit should state, and what these fits did, with the numbers of the answers as a table.

    Parameters
    ----------
    results : DataFrame
        Results of a study; see `scalebook.analysis.study.SCHEMA`.

    References
    ----------
    Li, Kudugunta, Zettlemoyer (2025), (Mis)Fitting: A Survey of Scaling Laws, arXiv:2502.18969.
    """
    tried, done = results[~results["law"].isin(BASELINES)], fitted(results)
    facts = _facts(tried, done)
    answers = Checklist((*_data(tried, done, facts), *_method(tried, facts)))
    return [answers, grid_of(facts, "The numbers of these answers.")]


def _facts(tried: pd.DataFrame, done: pd.DataFrame) -> Evidence:
    """Every number that an answer holds."""
    names, counts = sorted(set(tried["law"])), _ends(tried)
    told: dict[str, tuple[float, str]] = {
        "families with a fit": (done["family"].nunique(), "count"),
        "fewest points of a fit": (done["points"].min(), "count"),
        "most points of a fit": (done["points"].max(), "count"),
        "share of a run that is left out at its beginning": (TRANSIENT, "percent"),
        "starts that agree, in the median fit": ((done["starts_agreeing"] / done["starts"]).median(), "percent"),
        "target size over the largest seen, median": (done["extrapolation_params"].median(), "number"),
        "target size over the largest seen, most": (done["extrapolation_params"].max(), "number"),
        **{f"free coefficients of {n}": (len(law_named(n).free), "count") for n in names},
        **{f"fits {str(status).replace('_', ' ')}": (count, "count") for status, count in counts.items()},
    }
    rows = pd.DataFrame({"fact": list(told), "value": [STYLES[style](value) for value, style in told.values()]})
    return Evidence(rows, {"fact": Shown("what"), "value": Shown("how much")})


def _ends(tried: pd.DataFrame) -> pd.Series[int]:
    """How many fits ended with which status; several forecasts may share one fit, which counts once."""
    return tried.dropna(subset="fit").drop_duplicates("fit")["status"].value_counts()


def _data(tried: pd.DataFrame, done: pd.DataFrame, facts: Evidence) -> list[tuple[str, str]]:
    """What was fitted to what."""
    names = sorted(set(tried["law"]))
    free = {n: facts.cell(f"free coefficients of {n}", "value") for n in names}
    forms = "; ".join(f"{n} ({free[n]} free coefficients: {', '.join(law_named(n).free)})" for n in names)
    return [
        ("Which form, with which free coefficients?", forms + "."),
        (
            "What do N, D and C count, and how?",
            "N as each source counts it (params_basis of its runs; never mixed within a family), D training tokens"
            " seen, C as the source states it, else six times N times D (flops_basis).",
        ),
        (
            "Which runs: sizes, tokens per run, repetition?",
            facts.say(
                "{families} families; {least} to {most} points to a fit; see the table of families. Repeated data stays"
                " as published and makes families of its own.",
                families=("families with a fit", "value"),
                least=("fewest points of a fit", "value"),
                most=("most points of a fit", "value"),
            ),
        ),
        (
            "How were learning rate and batch chosen?",
            "By the authors of each source; what they state is in the columns of runs.",
        ),
        (
            "Which checkpoints, any smoothing?",
            facts.say(
                "All published ones after the first {left_out} of a run, up to the share named; several readings of one"
                " place are averaged. Nothing else is smoothed.",
                left_out=("share of a run that is left out at its beginning", "value"),
            ),
        ),
        (
            "Which metric, on which evaluation set?",
            "One metric and set per family, named with the family: "
            + ", ".join(sorted(set(done["unit"])))
            + ". Families are never pooled in one fit.",
        ),
    ]


def _method(tried: pd.DataFrame, facts: Evidence) -> list[tuple[str, str]]:
    """How it was fitted, and how that was tested."""
    objectives = ", ".join(sorted(set(tried["objective"])))
    failed = [f"fits {str(status).replace('_', ' ')}" for status in _ends(tried).index]
    return [
        (
            "Which objective, optimiser, tolerance, starts?",
            facts.say(
                "{objectives} (sum over points); Levenberg-Marquardt on squares, then Newton with the exact Hessian;"
                " verified by gradient and curvature. In the median fit {agreeing} of the starts agree.".replace(
                    "{objectives}", objectives
                ),
                agreeing=("starts that agree, in the median fit", "value"),
            ),
        ),
        (
            "Which points were dropped, and why?",
            facts.say(
                "The first {left_out} of each run: warm-up and transient. No point is dropped for its residual.",
                left_out=("share of a run that is left out at its beginning", "value"),
            ),
        ),
        (
            "How was it validated?",
            facts.say(
                "On the largest size of each family, which no fit saw: a factor of {median} in N in the median, {most}"
                " at most. Intervals redraw groups of families that share authors or data.",
                median=("target size over the largest seen, median", "value"),
                most=("target size over the largest seen, most", "value"),
            ),
        ),
        ("What failed?", "; ".join(f"{facts.cell(name, 'value')} {name}" for name in failed) + "."),
    ]
