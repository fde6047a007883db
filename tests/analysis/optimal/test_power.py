from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.analysis.optimal.power import PowerLaw, lines


@given(st.floats(1e-6, 1e6), st.floats(-2, 2), st.floats(30, 60))
def test_a_law_is_its_coefficients_wherever_it_is_centred(k: float, exponent: float, centre: float) -> None:
    law = PowerLaw(centre, np.log(k) + exponent * centre, exponent)
    assert law.coefficient.value == pytest.approx(k, rel=1e-9)
    assert law.predict([1e18, 1e21]) == pytest.approx(k * np.array([1e18, 1e21]) ** exponent, rel=1e-9)
    if abs(exponent) > 0.01:
        assert law.flops_for(law.predict(3e20).item()) == pytest.approx(3e20, rel=1e-6)


def test_intervals_widen_away_from_the_data_and_hold_the_draws() -> None:
    rng = np.random.default_rng(0)
    law = PowerLaw(46.0, 20.0, 0.5, rng.normal([20.0, 0.5], [0.05, 0.02], (4000, 2)), level=0.9)
    assert law.exponent.se == pytest.approx(0.02, rel=0.05)
    assert (law.exponent.low, law.exponent.high) == pytest.approx((0.467, 0.533), abs=0.002)
    flops = np.exp(np.array([46.0, 50.0, 54.0]))
    low, high = law.interval(flops)
    assert (low < law.predict(flops)).all()
    assert (np.diff(np.log(high / low)) > 0).all()
    at = law.at(float(flops[1]))
    assert (at.low, at.high) == pytest.approx((low[1], high[1]))
    narrow, wide = law.interval(1e20, 0.5), law.interval(1e20)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_without_draws_there_are_no_intervals() -> None:
    law = PowerLaw.of(0.1, 0.5)
    assert np.isnan([law.exponent.se, law.coefficient.low, law.at(1e20).high]).all()
    assert np.isnan(law.interval(1e20)[1])
    assert np.isnan(law.interval([1e20, 1e21])[0]).all()


def test_lines_are_those_of_numpy() -> None:
    rng = np.random.default_rng(1)
    x, y = np.sort(rng.uniform(38, 45, 9)), rng.normal(20, 1, (5, 9))
    y[1, :4] = np.nan
    y[2, 1:] = np.nan
    y[3] = np.nan
    found = lines(x, y, 40.0)
    assert np.isnan(found[2:4]).all()
    for row in (0, 1, 4):
        seen = np.isfinite(y[row])
        slope, at_zero = np.polyfit(x[seen], y[row, seen], 1)
        assert found[row] == pytest.approx([at_zero + 40 * slope, slope])
