from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import Akima1DInterpolator

from scalebook.analysis.optimal.minimum import Minimise, akima, akima_slopes, parabola

both = pytest.mark.parametrize("minimise", [akima, parabola])


@settings(deadline=None, max_examples=50)
@given(st.integers(4, 20), st.integers(0, 10_000))
def test_the_curve_is_that_of_scipy(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.sort(rng.uniform(15, 21, n)) + 0.01 * np.arange(n), rng.normal(size=n)
    reference = Akima1DInterpolator(x, y)
    assert akima_slopes(x[None], y[None])[1][0] == pytest.approx(reference.derivative()(x), abs=1e-9)
    dense = np.linspace(x[0], x[-1], 20_001)
    least = akima(x[None], y[None])
    assert least.y[0] == pytest.approx(reference(least.x[0]), abs=1e-9)
    assert least.y[0] <= reference(dense).min() + 1e-9
    assert least.y[0] == pytest.approx(reference(dense).min(), abs=1e-3)


def test_a_straight_profile_has_no_kink() -> None:
    x = np.linspace(15, 20, 7)
    assert akima_slopes(x[None], 2 * x[None])[1][0] == pytest.approx(np.full(7, 2.0))


@both
def test_curves_are_minimised_one_by_one(minimise: Minimise) -> None:
    rng = np.random.default_rng(0)
    x = np.tile(np.linspace(16, 19, 9), (6, 1))
    y = 0.05 * (x - np.linspace(16.5, 18.5, 6)[:, None]) ** 2 + 0.001 * rng.normal(size=x.shape)
    y[1, 2] = y[3, 5:] = np.nan
    together = minimise(x, y)
    for k in range(6):
        alone = minimise(x[k : k + 1], y[k : k + 1])
        there = np.isfinite(y[k])
        bare = minimise(x[k : k + 1, there], y[k : k + 1, there])
        for whole, one, other in zip(together, alone, bare, strict=True):
            assert whole[k] == pytest.approx(one[0], rel=1e-12)
            assert whole[k] == pytest.approx(other[0], rel=1e-12)


@both
def test_a_parabola_is_found_exactly(minimise: Minimise) -> None:
    x = np.linspace(17, 18.5, 9)[None]
    least = minimise(x, 1.0 + 0.05 * (x - 17.8) ** 2)
    assert least.x[0] == pytest.approx(17.8, abs=1e-6 if minimise is parabola else 0.02)
    assert least.y[0] == pytest.approx(1.0, abs=1e-5)
    assert least.inside[0]


@both
@pytest.mark.parametrize("slope", [-1.0, 1.0])
def test_a_minimum_at_the_edge_is_none(minimise: Minimise, slope: float) -> None:
    x = np.linspace(16, 20, 8)
    assert not minimise(x[None], np.exp(slope * 0.2 * (x - 18))[None]).inside[0]


@both
def test_three_sizes_are_too_few(minimise: Minimise) -> None:
    x = np.array([[16.0, 17.0, 18.0, 19.0]])
    least = minimise(x, np.array([[1.0, 0.9, 1.0, np.nan]]))
    assert np.isnan(least.x[0])
    assert not least.inside[0]
    assert not minimise(x[:, :3], np.array([[1.0, 0.9, 1.0]])).inside[0]


def test_a_hill_has_no_minimum() -> None:
    x = np.linspace(17, 18, 6)[None]
    assert not parabola(x, -((x - 17.5) ** 2)).inside[0]
