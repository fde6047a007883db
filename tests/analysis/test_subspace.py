"""The reduced law: three numbers where the other families span three dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from scalebook.analysis.fit import Fit, fit_batch
from scalebook.analysis.law import Array, laws
from scalebook.analysis.subspace import coefficients_of, subspace, theta
from scalebook.corpus.errors import Misuse

CHINCHILLA, TIES = laws["chinchilla"], laws["chinchilla_ties"]


def family(a: float, b: float, E: float, n: int, seed: int, noise: float = 0.0) -> dict[str, Array]:
    """A family on the published ties, so that three numbers make its five coefficients."""
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(17, 23, n)), np.exp(rng.uniform(21, 27, n))
    loss = TIES.predict(params, tokens, E=E, a=a, b=b) * np.exp(noise * rng.normal(size=n))
    return {"params": params, "tokens": tokens, "loss": loss}


@pytest.fixture(scope="module")
def others() -> list[Fit]:
    rng = np.random.default_rng(0)
    tables = [family(rng.uniform(5, 8), rng.uniform(6, 9), np.exp(rng.normal(0.5, 0.1)), 80, k) for k in range(12)]
    return fit_batch(CHINCHILLA, tables, objective="lsq-log")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_family_in_the_subspace_is_found_from_few_points(others: list[Fit], jobs: int) -> None:
    reduced = subspace(others)
    new = [family(6.3, 7.4, 1.7, n, n, noise=1e-3) for n in (7, 9)]
    for found in fit_batch(reduced, new, objective="lsq-log", jobs=jobs):
        assert found.status == "converged", found.reason
        assert found.law.name == "chinchilla[subspace=3]"
        named = coefficients_of(found)
        assert named["alpha"] == pytest.approx(0.0116280 + 0.05004588 * np.log(named["A"]), rel=1e-4)
        assert named["beta"] == pytest.approx(0.23710262 + 0.03844353 * np.log(named["B"]), rel=1e-4)
        assert named["E"] == pytest.approx(1.7, rel=0.05)
        assert found.predict(params=1e11, tokens=1e13) == pytest.approx(
            TIES.predict(1e11, 1e13, E=1.7, a=6.3, b=7.4), rel=0.01
        )


def test_few_points_say_less_to_five_coefficients(others: list[Fit]) -> None:
    """Seven points with noise: the free form forecasts far sizes worse than the reduced one on average."""
    new = [family(6.3, 7.4, 1.7, 8, k, noise=3e-3) for k in range(30)]
    truth = float(TIES.predict(1e11, 1e13, E=1.7, a=6.3, b=7.4))
    errors = [
        np.mean([abs(float(f.predict(params=1e11, tokens=1e13)) / truth - 1) for f in fit_batch(law, new)])
        for law in (subspace(others), CHINCHILLA)
    ]
    assert errors[0] < 0.7 * errors[1]


def test_what_spans_no_subspace_is_refused(others: list[Fit]) -> None:
    with pytest.raises(Misuse, match="3 families have converged; 3 dimensions need 4"):
        subspace(others[:3])
    with pytest.raises(Misuse, match="dimensions is 4; it must be one of 1, 2, 3"):
        subspace(others, 4)
    assert subspace(others, 2).free == ("z1", "z2")
    assert theta(others[0]).shape == (5,)
