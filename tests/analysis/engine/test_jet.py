from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.engine.jet import Jet

X = np.array([[0.5, 2.0, 3.0]])

FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sum": lambda a, b, x: a + b + 2.0 - x + (1.0 - a),
    "product": lambda a, b, x: a * b * x * 3.0,
    "quotient": lambda a, b, x: x / a - a / (b * x) + 1.0 / b,
    "power of jet": lambda a, b, x: x**-a + a**b + 3.0**b,
    "power of number": lambda a, b, x: (a * x + b) ** 3.0,
    "exp log": lambda a, b, x: np.exp(-a * x) * np.log(b + x),
    "log of product": lambda a, b, x: np.log(np.exp(a) * x**b) + np.log(x**a / np.exp(b)),
    "sqrt": lambda a, b, x: np.sqrt(a + b * x),
    "expm1 log1p": lambda a, b, x: np.expm1(a * b) * np.log1p(b * x),
    "tanh": lambda a, b, x: np.tanh(a * x - b),
    "logaddexp": lambda a, b, x: np.logaddexp(a * x, b) + np.logaddexp(0.5, a),
    "min max": lambda a, b, x: np.minimum(a * x, b) * np.maximum(1.1 * a, b),
    "array first": lambda a, b, x: np.subtract(x, a) + np.multiply(x, b) + np.true_divide(x, a) + np.power(x, b),
}


def jets(a: Any, b: Any, order: int = 2) -> tuple[Jet, Jet, Jet]:
    return Jet.variable(a, 0, order), Jet.variable(b, 1, order), Jet.constant(X, np.log(X), order)


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=list(FORMULAS))
@settings(deadline=None)  # a loaded machine may take long over an example
@given(a=st.floats(0.2, 2.0), b=st.floats(0.2, 2.0))
def test_derivatives_agree_with_differences(formula: Callable[[Any, Any, Any], Any], a: float, b: float) -> None:
    if abs(1.1 * a - b) < 1e-3 or (np.abs(a * X - b) < 1e-3).any():
        return  # a kink of minimum and maximum
    jet = formula(*jets(a, b))
    assert np.broadcast_to(jet.value, X.shape) == pytest.approx(np.broadcast_to(formula(a, b, X), X.shape), rel=1e-10)
    h = 1e-5
    for i, (up, down) in enumerate([((a + h, b), (a - h, b)), ((a, b + h), (a, b - h))]):
        slope = (formula(*up, X) - formula(*down, X)) / (2 * h)
        assert np.broadcast_to(jet.first.get(i, 0.0), X.shape) == pytest.approx(
            np.broadcast_to(slope, X.shape), rel=1e-5, abs=1e-5
        )
        for j in range(2):
            bend = (
                formula(*jets(*up)).first.get(j, 0.0) + np.zeros(X.shape) - formula(*jets(*down)).first.get(j, 0.0)
            ) / (2 * h)
            exact = np.broadcast_to(jet.second.get((min(i, j), max(i, j)), 0.0), X.shape)
            assert exact == pytest.approx(bend, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=list(FORMULAS))
def test_first_order_is_the_same_without_the_second(formula: Callable[[Any, Any, Any], Any]) -> None:
    full, slim = formula(*jets(0.7, 1.3)), formula(*jets(0.7, 1.3, 1))
    assert slim.second is None
    assert np.all(slim.value == full.value)
    for i, d in full.first.items():
        assert np.all(slim.first[i] == d)


def test_a_function_without_a_rule_is_named() -> None:
    with pytest.raises(TypeError, match=r"np\.sin; it may use .*np\.exp"):
        np.sin(Jet.variable(1.0, 0))
