"""A table's result is the same to the last bit whatever it is solved with, and however many processes solve it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.engine.data import Bundle, Table, width
from scalebook.analysis.engine.exhaustive import exhaust
from scalebook.analysis.fit import Fit, fit_batch
from scalebook.analysis.law import laws
from scalebook.analysis.variants import law_named

from ..simulated import table  # noqa: TID251 (this folder, not the package)

LENGTHS = (4, 6, 7, 8, 11, 15, 23, 24, 40, 64, 90, 128, 129, 180, 300, 700)


def tables(law: str) -> list[dict[str, Any]]:
    """Tables of many lengths: too few points, two sizes only, and good ones."""
    made = [table(laws[law], n=n, seed=n, noise=0.004)[0] for n in LENGTHS]
    if "params" in made[5]:
        made[5]["params"] = np.where(np.arange(LENGTHS[5]) % 2, 1e8, 1e9)
    return made


def bits(fit: Fit) -> list[Any]:
    """Everything but the time, with NaN equal to itself."""
    values = [getattr(fit, f.name) for f in dataclasses.fields(fit) if f.name not in ("law", "seconds")]
    return [np.asarray(v).tobytes() if isinstance(v, float | np.ndarray) else repr(v) for v in values]


@pytest.fixture(scope="module", params=["chinchilla", "compute", "kaplan"])
def known(request: pytest.FixtureRequest) -> tuple[str, Sequence[dict[str, Any]], list[list[Any]]]:
    made = tables(request.param)
    return request.param, made, [bits(f) for f in fit_batch(laws[request.param], made)]


@settings(max_examples=12, deadline=None)
@given(chosen=st.lists(st.integers(0, len(LENGTHS) - 1), min_size=1, max_size=8))
def test_company_does_not_matter(known: tuple[str, Any, Any], chosen: list[int]) -> None:
    law, made, expected = known
    for k, found in zip(chosen, fit_batch(laws[law], [made[k] for k in chosen]), strict=True):
        assert bits(found) == expected[k], LENGTHS[k]


def test_processes_do_not_matter(known: tuple[str, Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    law, made, expected = known
    monkeypatch.setattr(batch, "PROBLEMS", 5)
    assert [bits(f) for f in fit_batch(laws[law], made, jobs=2)] == expected


def test_processes_do_not_matter_to_tables_with_and_without_clusters(known: tuple[str, Any, Any]) -> None:
    law, made, _ = known
    clusters = [None if k % 3 else np.arange(len(t["loss"])) % (2 + k) for k, t in enumerate(made)]
    one, two = (fit_batch(laws[law], made, clusters=clusters, jobs=jobs) for jobs in (1, 2))
    assert [bits(f) for f in two] == [bits(f) for f in one]
    assert all(f.law is laws[law] for f in two)
    assert {f.clusters is None for f in two} == {True, False}


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    clustered=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_tables_end_to_end_come_apart_as_they_were(lengths: list[int], clustered: list[bool]) -> None:
    rng = np.random.default_rng(len(lengths))
    made = [
        Table(rng.random((2, n)), rng.random(n), rng.random(n), np.arange(n) % 3 if n and some else None, ("odd",) * n)
        for n, some in zip(lengths, clustered, strict=False)
    ]
    for old, new in zip(made, Bundle.of(made).tables(), strict=True):
        for field in dataclasses.fields(Table):
            there, here = getattr(old, field.name), getattr(new, field.name)
            assert (there is None) == (here is None)
            np.testing.assert_array_equal(there, here)


def test_a_flat_valley_on_which_starts_agree_is_not_searched_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sizes: E, A and alpha lie on a curve of equal objective, and every start ends somewhere on it."""
    rng = np.random.default_rng(7)
    tokens = np.tile(np.geomspace(1e9, 1e11, 30), 2)
    params = np.repeat([1e8, 1e9], 30)
    loss = (1.7 + 0.5 * (params / 3e8) ** -0.3 + 0.6 * (tokens / 3e10) ** -0.3) * np.exp(rng.normal(0, 0.004, 60))
    searched: list[int] = []

    def counted(coordinates: Any, steps: Any, tables: Any, *rest: Any) -> Any:
        searched.append(len(tables))
        return exhaust(coordinates, steps, tables, *rest)

    monkeypatch.setattr(batch, "exhaust", counted)
    flat = fit_batch(laws["chinchilla"], [{"params": params, "tokens": tokens, "loss": loss}], objective="lsq")[0]
    assert not searched
    assert flat.status == "not_identified"
    assert flat.starts_agreeing > 2
    assert "params takes 2 values only" in flat.reason
    monkeypatch.setattr(batch, "FLAT", np.inf)  # what is not known to be flat is searched whenever it is in doubt
    monkeypatch.setattr(batch, "doubtful", lambda found, *rest: np.ones(len(found.x), dtype=bool))
    longer = fit_batch(laws["chinchilla"], [{"params": params, "tokens": tokens, "loss": loss}], objective="lsq")[0]
    assert searched == [1]
    assert longer.status == "not_identified"
    assert longer.value == pytest.approx(flat.value, rel=1e-4)


def test_a_coefficient_out_of_range_has_no_error_and_the_others_keep_theirs() -> None:
    jacobian = np.array([[[np.inf, -np.inf, 0.0], [2.0, 0.0, 0.0], [0.0, 1e200, 0.0], [0.0, 0.0, 3.0]]])
    covariance = np.array([[[4.0, 0.5, 1.0], [0.5, 1.0, 0.0], [1.0, 0.0, 9.0]]])
    told = batch.in_units_of_data(jacobian, covariance)[0]
    assert told[np.ix_([1, 3], [1, 3])].tolist() == [[16.0, 6.0], [6.0, 81.0]]
    lost = np.isnan(told)
    assert lost[[0, 2]].all()
    assert lost[:, [0, 2]].all()
    assert lost.sum() == 12


def test_a_covariance_that_is_broken_still_warns() -> None:
    broken = np.array([[[np.inf, 0.0], [0.0, 1.0]]])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        batch.in_units_of_data(np.eye(2)[None], broken)


def test_a_scale_beyond_all_numbers_is_not_identified_without_a_warning() -> None:
    """Runs of one size do not fix the power of Kaplan's size term; near zero it takes the scale out of range."""
    tokens = np.geomspace(1e8, 1e10, 40)
    noise = np.exp(np.random.default_rng(3).normal(0.0, 0.002, 40))
    data = {"params": np.full(40, 2e8), "tokens": tokens, "loss": (2.6 ** (1 / 0.3) + 1.5e10 / tokens) ** 0.3 * noise}
    (fit,) = fit_batch(law_named("kaplan[a_N=0.001]"), [data])
    assert fit.coefficients["N_c"].value == np.inf
    assert fit.status == "not_identified"
    assert fit.reason == "beyond what a number can hold: N_c (inf) (params takes 1 value only)"
    assert np.isnan([e.se for e in fit.coefficients.values()]).all()
    json.dumps(fit.as_dict(), allow_nan=False)


def test_widths_are_a_fixed_series() -> None:
    widths = [width(n) for n in range(1, 5000)]
    assert sorted(set(widths))[:8] == [8, 12, 16, 23, 32, 46, 64, 91]
    assert all(n <= w <= max(8, 1.45 * n + 1) for n, w in enumerate(widths, 1))
    assert width(128) == 128
