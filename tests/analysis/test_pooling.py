from __future__ import annotations

import numpy as np
import pytest

from scalebook.analysis.pooling import false_discovery, pool


def test_against_metafor() -> None:
    """Paule-Mandel and Hartung-Knapp by hand on four groups of two families with equal scatter: variances are equal."""
    logs = np.array([0.1, 0.3, 0.5, 0.7, -0.2, 0.0, 0.9, 1.1])
    pooled = pool(np.exp(logs), list("aabbccdd"))
    effects = np.array([0.2, 0.6, -0.1, 1.0])
    within = 0.08 / 4 / 2  # sum of squares 8 x 0.1 ** 2, four degrees of freedom, two families each
    assert pooled.tau2 == pytest.approx(effects.var(ddof=1) - within, rel=1e-4)
    assert np.log(pooled.value) == pytest.approx(effects.mean())
    assert pooled.i2 == pytest.approx(1 - within / effects.var(ddof=1))
    half = 2.3534 * effects.std(ddof=1) / 2
    assert np.log([pooled.low, pooled.high]) == pytest.approx([effects.mean() - half, effects.mean() + half], abs=1e-3)
    assert 0.1 < pooled.p < 0.2


def test_groups_that_agree_are_homogeneous() -> None:
    pooled = pool(np.exp([0.1, 0.3, 0.2, 0.2, 0.15, 0.25]), list("aabbcc"))
    assert (pooled.tau2, pooled.i2) == (0.0, 0.0)


def test_what_cannot_be_known_is_nan() -> None:
    single = pool([0.5, np.nan], ["a", "b"])
    assert (single.value, single.groups) == (0.5, 1)
    assert np.isnan([single.low, single.tau2, single.p]).all()
    lonely = pool([0.5, 0.4, 0.6], ["a", "b", "c"])
    assert np.isnan([lonely.tau2, lonely.i2]).all()
    assert lonely.low < lonely.value < lonely.high
    assert np.isnan(pool([], []).value)


def test_a_zero_error_takes_no_part() -> None:
    assert pool([0.0, 0.5, 0.4, 0.6], list("abcd")) == pool([0.5, 0.4, 0.6], list("bcd"))


def test_false_discoveries_are_counted_over_what_was_compared() -> None:
    assert false_discovery([0.01, 0.02, 0.03]) == pytest.approx([0.03] * 3)
    assert np.isnan(false_discovery([float("nan")])).all()
