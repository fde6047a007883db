"""The regression of the size of errors finds what errors were made with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from scalebook.analysis.forecast.expected import FIRM, FLOOR, LUCK, features, learn


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Errors whose mean size is .02 at a deviation and a track record of .03 each, and doubles with four doublings."""
    rng = np.random.default_rng(5)
    sd, held_out = np.exp(rng.normal(np.log(0.03), 0.8, (2, 20_000)))
    ratio = 2.0 ** rng.uniform(0, 6, 20_000)
    table = features(sd, held_out, ratio)
    truth = np.array([np.log(0.01), 0.7, 0.3, 0.25 * np.log(2.0)])
    return table, rng.exponential(np.exp(table @ truth)), truth, rng.uniform(0.5, 1.5, 20_000)


def test_it_finds_what_errors_were_made_with(made: tuple[np.ndarray, ...]) -> None:
    table, errors, truth, weight = made
    np.testing.assert_allclose(learn(table, errors, weight).coefficients, truth, atol=0.05)


def test_it_is_the_minimum_that_scipy_finds(made: tuple[np.ndarray, ...]) -> None:
    table, errors, _, weight = (part[:300] if len(part) > 4 else part for part in made)
    size, share = np.hypot(errors, LUCK), weight / weight.sum()

    def cost(b: np.ndarray) -> float:
        return float(share @ (table @ b + size * np.exp(-table @ b)) + FIRM * np.sum(b[1:] ** 2))

    found = minimize(
        cost,
        np.r_[np.log(0.02), 0.0, 0.0, 0.0],
        method="Nelder-Mead",
        options={"maxiter": 20_000, "xatol": 1e-9, "fatol": 1e-14},
    )
    assert cost(learn(table, errors, weight).coefficients) <= found.fun + 1e-9


def test_without_a_track_record_the_own_deviation_stands_for_it() -> None:
    sd = np.array([0.0, 0.02])
    known, none = features(sd, sd, np.ones(2)), features(sd, np.full(2, np.nan), np.ones(2))
    np.testing.assert_array_equal(known, none)
    np.testing.assert_allclose(known[0, 1], np.log(FLOOR / 0.01))


def test_equal_errors_are_expected_to_be_equal() -> None:
    """Nothing to tell apart, and a singular table: the constant takes it all."""
    table = features(np.full(5, 0.02), np.full(5, 0.02), np.full(5, 2.0))
    told = learn(table, np.full(5, 0.03), np.ones(5)).of(table)
    np.testing.assert_allclose(told, 0.03, rtol=2e-3)
