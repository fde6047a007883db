"""The safety net: what the fast search is not sure of is searched exhaustively, and the rest needs no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scalebook.analysis.engine.batch as batch
import scalebook.analysis.engine.search as fast
from scalebook.analysis.fit import fit, fit_batch
from scalebook.analysis.law import laws

from ..simulated import table  # noqa: TID251 (this folder, not the package)


@pytest.mark.parametrize("name", ["chinchilla", "compute", "kaplan"])
def test_the_slow_way_finds_nothing_better(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few points with much noise, where Huber's loss has many corners."""
    tables = [table(laws[name], n=int(n), seed=k, noise=0.02)[0] for k, n in enumerate(np.linspace(7, 40, 60))]
    fast = fit_batch(laws[name], tables)
    monkeypatch.setattr(batch, "doubtful", lambda found, *_: np.ones(len(found.done), dtype=bool))
    slow = fit_batch(laws[name], tables)
    for one, other in zip(fast, slow, strict=True):
        assert one.value <= other.value * (1 + 1e-7) + 1e-18
    changed = [k for k, (f, s) in enumerate(zip(fast, slow, strict=True)) if f.status != s.status]
    assert len(changed) <= 3, changed


def test_a_search_that_gave_up_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, truth = table(laws["chinchilla"], n=60, noise=0.01)
    good, search = fit(laws["chinchilla"], columns), fast.search

    def lost(*args: Any) -> Any:
        found = search(*args)
        found.x[:] += 0.3
        found.done[:] = False
        return found

    monkeypatch.setattr(batch, "search", lost)
    again = fit(laws["chinchilla"], columns)
    assert again.status == "converged"
    assert again.value == pytest.approx(good.value, rel=1e-10)
    assert truth.keys() == again.values.keys()
