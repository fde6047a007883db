"""A table's result is the same to the last bit whatever it is solved with, and however many processes solve it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.engine.data import width
from scalebook.analysis.fit import Fit, fit_batch
from scalebook.analysis.law import laws

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


def test_widths_are_a_fixed_series() -> None:
    widths = [width(n) for n in range(1, 5000)]
    assert sorted(set(widths))[:8] == [8, 12, 16, 23, 32, 46, 64, 91]
    assert all(n <= w <= max(8, 1.45 * n + 1) for n, w in enumerate(widths, 1))
    assert width(128) == 128
