"""Least absolute deviations: a minimum lies at a corner, where the law runs through as many points as it has terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.engine.solver import Rows
from scalebook.analysis.fit import fit_batch
from scalebook.analysis.law import laws

from ..simulated import table  # noqa: TID251 (this folder, not the package)

TABLES = 60


def made(seed: int, n: int = 40, noise: float = 0.02) -> dict[str, Any]:
    """Six sizes."""
    rng = np.random.default_rng(seed * 7919 + n)
    params = rng.choice(np.exp(rng.uniform(np.log(2e7), np.log(2e10), 6)), n)
    tokens = np.exp(rng.uniform(np.log(1e9), np.log(1e12), n))
    loss = 1.7 + 0.45 * (params / 1e9) ** -0.34 + 0.4 * (tokens / 3e10) ** -0.3
    return {"params": params, "tokens": tokens, "loss": loss * np.exp(noise * rng.normal(size=n))}


def test_the_search_walks_from_corner_to_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    law, tables = laws["chinchilla"], [made(seed) for seed in range(TABLES)]
    fits = fit_batch(law, tables, objective="lad-log")
    assert sum(fit.status == "converged" for fit in fits) >= TABLES - 1
    through = []
    for fit, columns in zip(fits, tables, strict=True):
        if fit.status == "converged" and not fit.at_bound:
            r = np.log(columns["loss"] / fit.predict(params=columns["params"], tokens=columns["tokens"]))
            through.append(int(np.sum(np.abs(r) < 2e-6)))
    assert min(through) >= len(law.coefficients) - 1  # the law bends: a direction may be held by that alone
    assert np.mean(np.array(through) >= len(law.coefficients)) > 0.9
    nothing: Rows = np.zeros(0, dtype=np.intp)
    monkeypatch.setattr(batch, "_stuck", lambda *_: nothing)
    before = fit_batch(law, tables, objective="lad-log")
    assert sum(fit.status == "converged" for fit in before) <= TABLES - 4
    for old, new in zip(before, fits, strict=True):
        assert new.value <= old.value * (1 + 1e-4)  # a search from every start may find another corner
    assert sum(fit.value for fit in fits) <= sum(fit.value for fit in before) * (1 + 1e-6)


def test_the_edge_of_a_formula_ends_a_walk() -> None:
    """Kaplan's scales leave the range of numbers where a power nears zero."""
    tables = [table(laws["kaplan"], n=30, seed=seed, noise=0.05)[0] for seed in range(6)]
    fits = fit_batch(laws["kaplan"], tables, objective="likelihood")
    assert np.isfinite([fit.value for fit in fits]).all()
