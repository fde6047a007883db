"""The checklist of (Mis)Fitting, answered from the results that a report prints."""

from __future__ import annotations

import pandas as pd

from scalebook.analysis.law import laws
from scalebook.analysis.results import BASELINES
from scalebook.analysis.study import fitted

from .report import Checklist


def checklist(results: pd.DataFrame) -> Checklist:
    """What every fit should state, and what these fits did.

    Parameters
    ----------
    results : DataFrame
        Results of a study; see `scalebook.analysis.study.SCHEMA`.

    References
    ----------
    Li, Kudugunta, Zettlemoyer (2025), (Mis)Fitting: A Survey of Scaling Laws, arXiv:2502.18969.
    """
    tried, done = results[~results["law"].isin(BASELINES)], fitted(results)
    return Checklist((*_data(tried, done), *_method(tried, done)))


def _data(tried: pd.DataFrame, done: pd.DataFrame) -> list[tuple[str, str]]:
    """What was fitted to what."""
    names, points = sorted(set(tried["law"])), done["points"]
    forms = "; ".join(f"{n} ({len(laws[n].free)} free coefficients: {', '.join(laws[n].free)})" for n in names)
    return [
        ("Which form, with which free coefficients?", forms + "."),
        (
            "What do N, D and C count, and how?",
            "N as each source counts it (params_basis of its runs; never mixed within a family), D training tokens"
            " seen, C as the source states it, else 6 N D (flops_basis).",
        ),
        (
            "Which runs: sizes, tokens per run, repetition?",
            f"{done['family'].nunique()} families; {int(points.min()):,} to {int(points.max()):,} points to a"
            " fit; see the table of families. Repeated data stays as published and makes families of its own.",
        ),
        (
            "How were learning rate and batch chosen?",
            "By the authors of each source; what they state is in the columns of runs.",
        ),
        (
            "Which checkpoints, any smoothing?",
            "All published ones after the first tenth of a run, up to the share named; several readings of one"
            " place are averaged. Nothing else is smoothed.",
        ),
        (
            "Which metric, on which evaluation set?",
            "One metric and set per family, named with the family: "
            + ", ".join(sorted(set(done["unit"])))
            + ". Families are never pooled in one fit.",
        ),
    ]


def _method(tried: pd.DataFrame, done: pd.DataFrame) -> list[tuple[str, str]]:
    """How it was fitted, and how that was tested."""
    agreeing = (done["starts_agreeing"] / done["starts"]).median()
    objectives = ", ".join(sorted(set(tried["objective"])))
    factors, counts = done["extrapolation_params"], tried["status"].value_counts()
    return [
        (
            "Which objective, optimiser, tolerance, starts?",
            f"{objectives} (sum over points); Levenberg-Marquardt on squares, then Newton with the exact Hessian;"
            f" verified by gradient and curvature. In the median fit {100 * agreeing:.0f} % of the starts agree.",
        ),
        (
            "Which points were dropped, and why?",
            "The first tenth of each run: warm-up and transient. No point is dropped for its residual.",
        ),
        (
            "How was it validated?",
            "On the largest size of each family, which no fit saw: a factor of"
            f" {factors.median():.2g} in N in the median, {factors.max():.2g} at most. Intervals redraw groups of"
            " families that share authors or data.",
        ),
        (
            "What failed?",
            "; ".join(f"{count:,} fits {str(status).replace('_', ' ')}" for status, count in counts.items()) + ".",
        ),
    ]
