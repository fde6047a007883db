"""Profile intervals: of few runs, of tied laws, at bounds, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scalebook.analysis.fit import Fit, fit, profile
from scalebook.analysis.law import Law, laws
from scalebook.corpus.errors import Misuse

from .simulated import table  # noqa: TID251 (this folder, not the package)
from .test_fit_few_clusters import simulated  # noqa: TID251 (this folder, not the package)

CHINCHILLA = laws["chinchilla"]
GOOD, TRUTH = table(CHINCHILLA, n=80, seed=3, noise=0.004)


@pytest.fixture(scope="module")
def five() -> tuple[Fit, dict[str, Any], Any]:
    """Five runs: few degrees of freedom, so that ends lie many standard errors away."""
    tables, _, run = simulated(CHINCHILLA, 5, 1, seed=4)
    return fit(CHINCHILLA, tables[0], clusters=run), tables[0], run


def test_of_few_runs_both_ends_are_found(five: tuple[Fit, dict[str, Any], Any]) -> None:
    found, data, run = five
    assert found.degrees_of_freedom["alpha"] < 3
    for name in ("alpha", "A"):
        estimate = found.coefficients[name]
        low, high = profile(data, found, name, clusters=run, level=0.99)
        assert 0 < low < estimate.value < high < np.inf
        assert (high - estimate.value) / estimate.se > 7  # the farthest place that was ever tried


def test_an_end_is_where_the_objective_has_risen_enough(five: tuple[Fit, dict[str, Any], Any]) -> None:
    found, data, run = five
    low, high = profile(data, found, "alpha", clusters=run)
    rises = [fit(CHINCHILLA.constrain(alpha=end), data).value - found.value for end in (low, high)]
    assert rises[0] == pytest.approx(rises[1], rel=0.02)


def test_a_side_on_which_the_objective_is_flat_has_no_end() -> None:
    """Two points of twelve lie above the floor: a power at its bound fits them nearly as well as any."""
    rng, above = np.random.default_rng(1), np.r_[0.5, 0.1, np.zeros(10)]
    data = {"flops": np.geomspace(1e18, 1e22, 12), "loss": (2 + above) * np.exp(0.006 * rng.normal(size=12))}
    found = fit(laws["compute"], data, objective="lsq-log")
    assert found.status == "converged", found.reason
    low, high = profile(data, found, "a")
    assert 0 < low < found.values["a"]
    assert high == np.inf


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_of_a_tied_law_both_names_move_together(name: str) -> None:
    law = CHINCHILLA.constrain(beta="alpha")
    found = fit(law, GOOD, objective="lsq-log")
    low, high = profile(GOOD, found, name)
    estimate = found.coefficients["alpha"]
    assert low == pytest.approx(estimate.low, abs=0.2 * (estimate.high - estimate.low))
    assert high == pytest.approx(estimate.high, abs=0.2 * (estimate.high - estimate.low))
    assert (low, high) == profile(GOOD, found, "alpha")


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (laws["kaplan"], "N_c"),  # a level that the engine takes to a power
        (CHINCHILLA.constrain(**{k: v for k, v in TRUTH.items() if k != "E"}), "E"),  # nothing is left to fit
    ],
    ids=["power", "alone"],
)
def test_whatever_is_held_the_rest_can_be_fitted(law: Law, name: str) -> None:
    data = GOOD if law.predict is CHINCHILLA.predict else table(law, n=80, seed=3, noise=0.004)[0]
    found = fit(law, data, objective="lsq-log")
    low, high = profile(data, found, name)
    assert low < found.values[name] < high < np.inf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level": 2}, "level is 2; it must be between 0 and 1"),
        ({"level": 0}, "level is 0; it must be between 0 and 1"),
        ({"weights": np.full(80, 2.0)}, "give the data and the weights that it was made with"),
        (
            {"data": table(CHINCHILLA, n=80, seed=4, noise=0.004)[0]},
            r"the fit has an objective of .* and these data one",
        ),
    ],
    ids=["level 2", "level 0", "weights", "data"],
)
def test_misuse_is_said(change: dict[str, Any], words: str) -> None:
    found = fit(CHINCHILLA, GOOD)
    with pytest.raises(Misuse, match=words):
        profile(**{"data": GOOD, "fit": found, "name": "alpha", **change})
