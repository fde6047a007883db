"""The safety net: what the fast search is not sure of is searched exhaustively, and the rest needs no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares

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


@pytest.mark.parametrize("seed", range(4))
def test_a_valley_is_followed_to_its_end(seed: int) -> None:
    """Two sizes, and a loss that falls ever faster: no floor, and a minimum where alpha is at its bound of 3."""
    rng = np.random.default_rng(seed)
    params, tokens = np.repeat([1.25e8, 1.3e9], 25), np.tile(np.geomspace(1e10, 3e11, 25), 2)
    u = np.log(tokens / 5e10)
    loss = (3.0 - 0.09 * u - 0.01 * u**2 + 0.25 * (params < 1e9)) * np.exp(rng.normal(0, 0.004, 50))
    found = fit(laws["chinchilla"], {"params": params, "tokens": tokens, "loss": loss}, objective="lsq")
    assert found.status == "not_identified"
    assert found.at_bound == ("E", "alpha")
    logs = np.log([params / 4e8, tokens / 5e10])

    def residuals(x: Any) -> Any:
        return x[0] + x[1] * np.exp(-x[3] * logs[0]) + x[2] * np.exp(-x[4] * logs[1]) - loss

    bounds = ([0, 0, 0, 0, 0], [np.inf, np.inf, np.inf, 3, 3])
    theirs = [
        least_squares(residuals, [e, 0.3, 2.0, alpha, 0.1], bounds=bounds, xtol=1e-15, ftol=1e-15, gtol=1e-15).cost
        for e in (0.1, 1.0)
        for alpha in (0.3, 2.9)
    ]
    assert found.value <= min(theirs) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("log_linear", {"flops": np.full(20, 1e20)}),
        ("compute", {"flops": np.tile([1e19, 1e20, 1e21], 7)}),
        ("kaplan", {"params": np.tile([1e8, 1e9], 10), "tokens": np.full(20, 1e10)}),
    ],
)
@pytest.mark.parametrize("objective", ["lsq", "huber-log", "lad-log"])
@pytest.mark.filterwarnings("error")
def test_flat_tables_of_every_kind_have_their_ends_tried(name: str, columns: Any, objective: Any) -> None:
    """With and without coordinates that have an end."""
    law = laws[name]
    n = len(next(iter(columns.values())))
    loss = 3.0 + 0.01 * np.random.default_rng(1).normal(size=n)
    found = fit(law, {**columns, law.target: loss}, objective=objective)
    assert found.status in ("not_identified", "too_few_points")
