"""Checks that no law escapes: a law dropped into the folder is tested with no edit here."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from scalebook.analysis.engine.coordinates import Coordinates
from scalebook.analysis.fit import Fit, fit
from scalebook.analysis.law import Array, Coefficient, Law, laws
from scalebook.analysis.soundness.check import check
from scalebook.corpus.errors import UnknownName

from .simulated import shift, table  # noqa: TID251 (this folder, not the package)

OPTIMISED = [name for name in laws if laws[name].estimate is None]
optimised = pytest.mark.parametrize("name", OPTIMISED)


def close(a: Fit, b: Fit, tolerance: float) -> None:
    for key, value in a.values.items():
        assert b.values[key] == pytest.approx(value, rel=tolerance, abs=1e-9), key


@pytest.mark.parametrize("name", list(laws))
def test_says_what_it_is_and_where_it_is_from(name: str) -> None:
    law = laws[name]
    document = sys.modules[law.predict.__module__].__doc__ or ""
    assert law.name == name
    assert law.title.endswith(".")
    assert "References\n----------" in document
    assert "arXiv:" in document
    assert ">>>" in (law.predict.__doc__ or "")
    assert law.cite[-4:].isdigit()
    assert all(c.meaning for c in law.coefficients.values())


@optimised
@pytest.mark.parametrize("objective", ["huber-log", "lsq", "lsq-log"])
def test_refits_its_own_curve_from_far_starts(name: str, objective: Any) -> None:
    law = laws[name]
    columns, truth = table(law)
    result = fit(law, columns, objective=objective)
    assert result.status == "converged", result.reason
    assert result.starts_agreeing >= result.starts // 2
    assert result.values == pytest.approx(truth, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", list(laws))
def test_passes_the_checks_of_a_users_own_law(name: str) -> None:
    """Derivatives, linearity, units, starts and use of coefficients: `test_own_law` shows that each is checked."""
    check(laws[name])


@optimised
def test_does_not_depend_on_the_order_of_rows(name: str) -> None:
    columns, _ = table(laws[name], n=160, noise=0.003)
    order = np.random.default_rng(0).permutation(160)
    moved = fit(laws[name], {key: column[order] for key, column in columns.items()})
    close(fit(laws[name], columns), moved, 1e-5)


@optimised
def test_does_not_depend_on_units(name: str) -> None:
    """Dims say how coefficients change with a unit: predictions stay, and coefficients change as declared."""
    law = laws[name]
    carriers = sorted({unit for c in law.coefficients.values() for unit in c.dims})
    columns, _ = table(law, noise=0.003)
    before = fit(law, columns)
    for unit in carriers:
        alike = [name for name in law.inputs if law.same_unit.get(name, name) == unit]
        scaled = {key: column * (1e3 if key in alike else 1.0) for key, column in columns.items()}
        after = fit(law, scaled)
        assert after.value == pytest.approx(before.value, rel=1e-8)
        carried = Coordinates(law).natural(
            Coordinates(law).from_natural(np.array([list(before.values.values())]), shift(law, columns)),
            shift(law, scaled),
        )[0][0]
        assert list(after.values.values()) == pytest.approx(carried, rel=1e-4)
        for key, estimate in after.coefficients.items():
            assert estimate.se > 0, key


@optimised
def test_standard_errors_shrink_with_data(name: str) -> None:
    law = laws[name]
    few, _ = table(law, n=300, noise=0.003)
    many = {key: np.tile(column, 4) for key, column in few.items()}
    first, second = fit(law, few, objective="lsq-log"), fit(law, many, objective="lsq-log")
    for key, estimate in first.coefficients.items():
        if not np.isnan(estimate.se):
            assert second.coefficients[key].se == pytest.approx(estimate.se / 2, rel=0.04 * len(first.values)), key


def test_an_unknown_law_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'chinchilla'"):
        laws["chinchila"]


def test_a_law_must_declare_what_its_formula_takes() -> None:
    def predict(flops: Array, *, E: Array) -> Array:
        return E + 0 * flops

    with pytest.raises(TypeError, match="declares"):
        Law(predict=predict, inputs=("params",), cite="x", coefficients={"E": Coefficient("x", linear=True)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 2.0, "high": 1.0, "linear": True}, "below high"),
        ({"high": 3.0, "linear": True, "dims": {"params": 1.0}}, "bounded by 0 and infinity"),
        ({"low": -1.0, "log": True, "start": (1.0, 2.0)}, "positive"),
        ({}, "either linear=True or a range"),
        ({"linear": True, "start": (0.0, 1.0)}, "either linear=True or a range"),
    ],
)
def test_a_coefficient_that_contradicts_itself_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Coefficient("a meaning", **arguments)
