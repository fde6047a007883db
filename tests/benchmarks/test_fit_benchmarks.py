"""The engine against the usual practice, in the same run, on the same rows: time and objective reached by each.

Run with ``pytest tests/benchmarks --benchmark-only``; one table is printed at the end.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import curve_fit, minimize

from scalebook.analysis.engine.data import read
from scalebook.analysis.engine.resampling import RESAMPLES, draw_counts
from scalebook.analysis.fit import bootstrap, fit, fit_batch
from scalebook.analysis.law import laws

Array = NDArray[np.float64]
Data = dict[str, Array]

CHINCHILLA = laws["chinchilla"]
DELTA = 1e-3
ROWS: list[tuple[str, ...]] = []
HOFFMANN_STARTS = 4500
MANY = 10_000


@pytest.fixture(scope="module", autouse=True)
def report(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print one table when the last benchmark is done."""
    yield
    head = ("benchmark", "ours", "alternative", "ratio", "objective: ours", "alternative")
    widths = [max(len(row[k]) for row in [head, *ROWS]) for k in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *ROWS]]
    capture: Any = request.config.pluginmanager.get_plugin("capturemanager")
    terminal: Any = request.config.pluginmanager.get_plugin("terminalreporter")
    if ROWS and capture and terminal:
        with capture.global_and_fixture_disabled():
            terminal.write("\n\n" + "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def points() -> Data:
    """240 points like Epoch's: five coefficients, a heavy tail, no source needed."""
    return simulate(1, [240])[0]


def simulate(seed: int, sizes: list[int]) -> list[Data]:
    """Families of 4 to 8 model sizes, with 0.4 % noise of which one in twenty is six times as large."""
    rng = np.random.default_rng(seed)
    tables = []
    for n in sizes:
        params = rng.choice(np.exp(rng.uniform(np.log(2e7), np.log(2e10), rng.integers(4, 9))), n)
        tokens = np.exp(rng.uniform(np.log(1e9), np.log(1e12), n))
        E, alpha, beta = rng.uniform(1.2, 2.2), rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5)
        f = E + rng.uniform(0.2, 0.9) * (params / 3e8) ** -alpha + rng.uniform(0.2, 0.9) * (tokens / 3e10) ** -beta
        noise = 0.004 * rng.normal(size=n) * np.where(rng.random(n) < 0.05, 6.0, 1.0)
        tables.append({"params": params, "tokens": tokens, "loss": f * np.exp(noise)})
    return tables


def clock(task: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = task()
    return time.perf_counter() - begin, result


def huber(theta: Array, logs: Array, weights: Array | float = 1.0) -> float:
    """The usual objective: a, b, e, alpha, beta, log-sum-exp, uncentred."""
    n, d, loss = logs
    a, b, e, alpha, beta = theta
    r = np.logaddexp(np.logaddexp(a - alpha * n, b - beta * d), e) - loss
    size = np.abs(r)
    return float((weights * np.where(size <= DELTA, 0.5 * r * r, DELTA * (size - 0.5 * DELTA))).sum())


def gradient(theta: Array, logs: Array, weights: Array | float = 1.0) -> Array:
    n, d, loss = logs
    a, b, e, alpha, beta = theta
    terms = np.stack([a - alpha * n, b - beta * d, np.full_like(n, e)])
    top = np.logaddexp(np.logaddexp(terms[0], terms[1]), terms[2])
    share = np.exp(terms - top) * (weights * np.clip(top - loss, -DELTA, DELTA))
    return np.array([*share.sum(axis=1), -(share[0] @ n), -(share[1] @ d)], dtype=float)


def logarithms(data: Data) -> Array:
    logs: Array = np.log([data["params"], data["tokens"], data["loss"]])
    return logs


def grid() -> Array:
    """Hoffmann's 4,500 starts, arXiv:2203.15556, appendix D.2."""
    axes = [np.arange(0, 30, 5), np.arange(0, 30, 5), np.arange(-1, 1.5, 0.5), np.arange(0, 2.5, 0.5)]
    starts: Array = np.array(np.meshgrid(*axes, axes[3])).reshape(5, -1).T.astype(float)
    assert len(starts) == HOFFMANN_STARTS
    return starts


def test_one_fit_against_the_grid_of_starts(benchmark: Any, points: Data) -> None:
    """4,500 starts of L-BFGS-B with numeric gradients; 45 of them are timed, and the time extrapolated."""
    ours = benchmark.pedantic(fit, (CHINCHILLA, points), rounds=20, warmup_rounds=2)
    seconds = benchmark.stats.stats.median
    logs = logarithms(points)
    sample = grid()[np.random.default_rng(0).choice(HOFFMANN_STARTS, 45, replace=False)]
    with np.errstate(over="ignore", invalid="ignore"):
        spent, runs = clock(lambda: [minimize(huber, s, args=(logs,), method="L-BFGS-B") for s in sample])
    theirs = spent / 45 * HOFFMANN_STARTS
    best = min(run.fun for run in runs)
    ROWS.append(
        (
            "one fit, 240 points, 8 starts",
            f"{seconds * 1e3:.1f} ms",
            f"{theirs:.0f} s (L-BFGS-B, 4,500 starts; from 45)",
            f"{theirs / seconds:.0f}",
            f"{ours.value:.9e}",
            f"{best:.9e}",
        )
    )
    assert ours.status == "converged"
    assert ours.starts_agreeing >= 7
    assert ours.value <= best * (1 + 1e-9)
    assert seconds < 0.05
    assert theirs / seconds > 500


def test_bootstrap_against_warm_bfgs(benchmark: Any, points: Data) -> None:
    """1,000 refits, each from the optimum; 100 of them also by BFGS with analytic gradient."""
    optimum = fit(CHINCHILLA, points)
    result = benchmark.pedantic(bootstrap, (CHINCHILLA, points, optimum, 1000), rounds=3, warmup_rounds=1)
    seconds = benchmark.stats.stats.median / 1000
    counts = draw_counts(read(CHINCHILLA, points, None, None), RESAMPLES, [0, 0])[:100]
    v, logs = optimum.values, logarithms(points)
    start = np.array([np.log(v["A"]), np.log(v["B"]), np.log(v["E"]), v["alpha"], v["beta"]])
    spent, runs = clock(lambda: [minimize(huber, start, args=(logs, w), jac=gradient, method="BFGS") for w in counts])
    theirs = np.array([run.fun for run in runs])
    ROWS.append(
        (
            "bootstrap refit, 240 points",
            f"{seconds * 1e3:.3f} ms",
            f"{spent / 100 * 1e3:.2f} ms (BFGS, warm, analytic gradient)",
            f"{spent / 100 / seconds:.0f}",
            f"{result.objective[:100].sum():.9e}",
            f"{theirs.sum():.9e}",
        )
    )
    assert result.converged.all()
    assert (result.objective[:100] <= theirs * (1 + 1e-7)).all()
    assert seconds < 2e-3
    assert spent / 100 / seconds > 10


def test_bulk_fits_against_curve_fit_from_one_start(benchmark: Any) -> None:
    """1,000 tables of 20 to 5,000 rows, least squares from 8 starts; one in ten also by curve_fit from one start."""
    sizes = np.exp(np.random.default_rng(2).uniform(np.log(20), np.log(5000), 1000)).astype(int).tolist()
    tables = simulate(3, sizes)
    fits = benchmark.pedantic(fit_batch, (CHINCHILLA, tables), {"objective": "lsq"}, rounds=2, warmup_rounds=1)
    seconds = benchmark.stats.stats.median / 1000
    some = tables[::10]
    spent, reached = clock(lambda: [_curve_fit(table) for table in some])
    ours = np.array([f.value for f in fits[::10]])
    ROWS.append(
        (
            f"bulk fit, {np.mean(sizes):.0f} points on average, lsq",
            f"{seconds * 1e3:.2f} ms, 8 starts",
            f"{spent / len(some) * 1e3:.2f} ms (curve_fit, one start)",
            f"{spent / len(some) / seconds:.1f}",
            f"{ours.sum():.9e}",
            f"{np.sum(reached):.9e}",
        )
    )
    assert sum(f.status == "converged" for f in fits) >= 990
    assert (ours <= np.array(reached) * (1 + 1e-9)).all()
    assert spent / len(some) / seconds > 2


@pytest.mark.parametrize("objective", ["lsq", "huber-log"])
def test_bulk_fits_over_two_cores(benchmark: Any, objective: Any) -> None:
    """10,000 such tables in two processes, each from 8 starts and verified, against one start on one core."""
    sizes = np.exp(np.random.default_rng(2).uniform(np.log(20), np.log(5000), MANY)).astype(int).tolist()
    tables = simulate(3, sizes)
    options = {"objective": objective, "jobs": 2}
    fit_batch(CHINCHILLA, tables[:100], objective=objective, jobs=2)  # processes are there
    fits = benchmark.pedantic(fit_batch, (CHINCHILLA, tables), options, rounds=2)
    seconds, best = benchmark.stats.stats.median / MANY, benchmark.stats.stats.min / MANY
    some = tables[::50]
    spent, reached = clock(lambda: [_curve_fit(table) for table in some])
    theirs, ours = spent / len(some), np.array([f.value for f in fits[::50]])
    squares = objective == "lsq"
    ROWS.append(
        (
            f"{MANY:,} over two cores, {objective}, 8 starts, load {os.getloadavg()[0]:.1f}",
            f"{seconds * 1e3:.2f} ms (best {best * 1e3:.2f})",
            f"{theirs * 1e3:.2f} ms (curve_fit, one start, one core)",
            f"{theirs / seconds:.1f}",
            f"{ours.sum():.9e}",
            f"{np.sum(reached):.9e}" if squares else "-",
        )
    )
    assert sum(f.status == "converged" for f in fits) >= 0.99 * MANY
    assert not squares or (ours <= np.array(reached) * (1 + 1e-9)).all()
    assert theirs / seconds > 1  # two processes share the cores with whatever else runs


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_a_million_points(benchmark: Any, noise: float) -> None:
    rng = np.random.default_rng(4)
    params, tokens = (np.exp(rng.uniform(np.log(a), np.log(b), 1_000_000)) for a, b in ((2e7, 2e10), (1e9, 1e12)))
    f = 1.7 + 0.5 * (params / 3e8) ** -0.35 + 0.6 * (tokens / 3e10) ** -0.3
    data = {"params": params, "tokens": tokens, "loss": f * np.exp(noise * rng.normal(size=len(f)))}
    found = benchmark.pedantic(fit, (CHINCHILLA, data), rounds=1)
    tracemalloc.start()
    fit(CHINCHILLA, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seconds = benchmark.stats.stats.median
    name = f"1,000,000 points, noise {noise:g}, peak {peak / 1e6:.0f} MB"
    ROWS.append((name, f"{seconds:.2f} s", "-", "-", f"{found.value:.9e}", "-"))
    assert found.status == "converged"
    assert peak < 500e6


def _curve_fit(table: Data) -> float:
    """The reference's own call (arXiv:2410.11840): one start, bounds on the powers; half the sum of squares."""

    def law(x: Array, a: float, b: float, e: float, alpha: float, beta: float) -> Array:
        loss: Array = np.exp(e) + np.exp(a - alpha * x[0]) + np.exp(b - beta * x[1])
        return loss

    x = np.log([table["params"], table["tokens"]])
    start = (6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596)
    bounds = ([-np.inf, -np.inf, -np.inf, 0, 0], np.inf)
    try:
        theta = curve_fit(law, x, table["loss"], p0=start, bounds=bounds)[0]
    except RuntimeError:  # it gave up: counted as its start, with the time that it took
        theta = start
    return float(0.5 * np.sum((table["loss"] - law(x, *theta)) ** 2))


def test_robust_bulk_fits_and_their_memory(benchmark: Any) -> None:
    """The same tables under the default objective; there is no single call of SciPy's to compare with."""
    sizes = np.exp(np.random.default_rng(2).uniform(np.log(20), np.log(5000), 1000)).astype(int).tolist()
    tables = simulate(3, sizes)
    fits = benchmark.pedantic(fit_batch, (CHINCHILLA, tables), rounds=2, warmup_rounds=1)
    tracemalloc.start()
    fit_batch(CHINCHILLA, tables[:300])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seconds = benchmark.stats.stats.median / 1000
    ROWS.append(
        (
            f"bulk fit, {np.mean(sizes):.0f} points on average, huber-log",
            f"{seconds * 1e3:.2f} ms, 8 starts",
            "-",
            "-",
            f"{sum(f.value for f in fits):.9e}",
            f"peak {peak / 1e6:.0f} MB",
        )
    )
    assert sum(f.status == "converged" for f in fits) >= 990
    assert np.mean([f.starts_agreeing for f in fits]) > 6
    assert peak < 300e6
