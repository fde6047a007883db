"""The order in which a law names its coefficients does not matter."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from scalebook.analysis.fit import fit
from scalebook.analysis.law import Law, laws

from .simulated import table  # noqa: TID251 (this folder, not the package)


def reordered(law: Law) -> Law:
    """The same law with its coefficients named the other way round."""

    def predict(*inputs: Any, **coefficients: Any) -> Any:
        return law.predict(*inputs, **coefficients)

    there = inspect.signature(law.predict)
    inputs = [p for p in there.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = [p for p in there.parameters.values() if p.kind is p.KEYWORD_ONLY]
    predict.__signature__ = there.replace(parameters=[*inputs, *reversed(named)])  # type: ignore[attr-defined]
    return replace(law, predict=predict, coefficients=dict(reversed([*law.coefficients.items()])))


@pytest.mark.parametrize("name", [name for name, law in laws.items() if law.estimate is None])
def test_a_permutation_of_coefficients_changes_nothing(name: str) -> None:
    columns, _ = table(laws[name], n=20 * len(laws[name].coefficients), noise=0.002)
    one, other = (fit(law, columns, starts=24) for law in (laws[name], reordered(laws[name])))
    assert list(other.values) == list(one.values)[::-1]
    assert other.status == one.status == "converged"
    assert other.value == pytest.approx(one.value, rel=1e-8)
    for coefficient, estimate in one.coefficients.items():
        assert other.coefficients[coefficient].value == pytest.approx(estimate.value, rel=1e-4, abs=1e-6)
        assert other.coefficients[coefficient].se == pytest.approx(estimate.se, rel=1e-2, nan_ok=True)
