"""Besiroglu et al. (2024): Chinchilla's parametric fit, made again from its figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scalebook.corpus.database import Corpus

from ..fit import Fit, bootstrap, fit
from ..law import Array, Columns, laws
from ..optimal.closed_form import COEFFICIENTS, closed_form
from ..points import Points, drop, family_points
from ..published import published
from ..replication import Replication, Row

LAW = laws["chinchilla"]
CHECK = "section 3; independent check of the minimum"
DRAWS = 4000
VALLEY = "digits to which a flat valley lets the coefficient be known"


def replicate(corpus: Corpus) -> list[Row]:
    """Minimum, likelihood, bootstrap, optimum, test, outliers."""
    whole = family_points(corpus, "chinchilla-digitised")
    points = drop(whole, highest_losses=5)
    found = fit(LAW, points.columns, starts=32)
    return [
        *_minimum(found),
        *_likelihood(corpus, points),
        *_spread(points, found),
        *_against_hoffmann(corpus, points),
        *_outliers(whole),
    ]


def _minimum(found: Fit) -> Iterator[Row]:
    """The Huber minimum."""
    yield Row("Huber minimum: sum of the objective", 1.0182740178e-3, found.value, 1e-9, CHECK, "the best known value")
    for name, theirs in {"alpha": 0.34731, "beta": 0.36717, "E": 1.81722}.items():
        yield Row(f"Huber minimum: {name}", theirs, found.values[name], 1e-4, CHECK, VALLEY)


def _likelihood(corpus: Corpus, points: Points) -> Iterator[Row]:
    """The printed coefficients: not the Huber minimum, but the likelihood of a Huber density with a free scale.

    Its scale shrinks until delta is far below every residual, where the density is Laplace's: least absolute
    deviations. Its logarithm is that of delta times the mean absolute residual.
    """
    found = fit(LAW, points.columns, objective="likelihood", starts=32)
    law = published(corpus, "besiroglu2024-published").coefficients
    for name, share in {"A": 1e-3, "B": 1e-3, "E": 1e-4, "alpha": 1e-3, "beta": 1e-3}.items():
        yield Row(
            f"likelihood of free scale: {name}", law[name], found.values[name], share * law[name], "table 1", VALLEY
        )
    scale = float(np.log(1e-3 * np.mean(np.abs(_residuals(points.columns, found.values)))))
    yield Row(
        "likelihood of free scale: log scale",
        -12.27,
        scale,
        0.005,
        "its code; note in published_laws",
        "printed digits",
    )


def _spread(points: Points, found: Fit) -> Iterator[Row]:
    """Bootstrap errors, and the exponent of the optimum with its error."""
    drawn = bootstrap(LAW, points.columns, found, DRAWS)
    errors = drawn.se()
    for name, theirs in {"E": 0.0257, "alpha": 0.0154, "beta": 0.0206}.items():
        yield Row(
            f"bootstrap standard error of {name}",
            theirs,
            errors[name],
            0.05 * theirs,
            "section 3, 4,000 draws",
            "5 %: another sequence of draws",
        )
    ends = drawn.interval(0.95)
    for name, low, high in (("alpha", 0.317, 0.373), ("beta", 0.331, 0.415), ("E", 1.769, 1.871)):
        for which, theirs, ours in (("low", low, ends[name][0]), ("high", high, ends[name][1])):
            yield Row(
                f"95 % interval of {name}, {which} end",
                theirs,
                ours,
                0.08 * (high - low),
                "table 1",
                "another sequence of draws moves an end by some per cent of the width",
            )
    table = drawn.values[drawn.converged][:, [drawn.names.index(name) for name in COEFFICIENTS]]
    size, _ = closed_form(found.values, drawn=table)
    a = size.exponent
    yield Row("exponent a of the optimal size", 0.5126, a.value, 0.02 * 0.5126, "section 4", "2 %")
    yield Row("its standard error", 0.020, a.se, 0.1 * 0.020, "section 4", "10 %: another sequence of draws")


def _against_hoffmann(corpus: Corpus, points: Points) -> Iterator[Row]:
    """Likelihood-ratio test of Hoffmann's coefficients, with five degrees of freedom."""
    from scipy.stats import chi2

    n = len(points)
    best = fit(LAW, points.columns, objective="likelihood", starts=32).values

    def spread(values: Mapping[str, float]) -> float:
        return float(np.mean(np.abs(_residuals(points.columns, values))))

    def log10_p(name: str) -> float:
        theirs = {key: published(corpus, name).coefficients[key] for key in best}
        return float(chi2.logsf(2 * n * np.log(spread(theirs) / spread(best)), len(best)) / np.log(10))

    yield Row(
        "likelihood-ratio test of Hoffmann's rounded coefficients: log10 p",
        -135.0,
        log10_p("hoffmann2022-rounded"),
        1.0,
        "section 3: p < 1e-135, as remembered; not found in a stored text",
        "printed to a power of ten",
        corrected=log10_p("hoffmann2022-tex"),
    )


def _outliers(whole: Points) -> Iterator[Row]:
    """The five points that are left out."""
    found = fit(LAW, whole.columns, starts=32)
    for name, theirs in {"beta": 0.453, "E": 1.891}.items():
        yield Row(f"all 245 points: {name}", theirs, found.values[name], 1e-3, "independent check of section 2", VALLEY)


def _residuals(columns: Columns, values: Mapping[str, float]) -> Array:
    predicted = LAW.predict(columns["params"], columns["tokens"], **values)
    off: Array = np.log(np.asarray(columns["loss"], float)) - np.log(np.asarray(predicted, float))
    return off


REPLICATION = Replication(
    replicate,
    question="What is the minimum of Hoffmann's objective, and how sure is it?",
    paper="Besiroglu, Erdil, Barnett, You (2024), Chinchilla Scaling: A Replication Attempt, arXiv:2404.10102",
    needs=("published-laws", "colpret-chinchilla"),
    seconds=8.0,
)
