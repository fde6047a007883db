"""Print the tables of docs/engine.md on few runs: ``python -m tests.benchmarks.few_runs`` in the root, some minutes.

For each number of runs, the share of 90 % intervals that hold, over the coefficients of eight laws and over their
predictions far away: least, mean and greatest; and the share of coefficients that have an interval. With the argument
``bootstrap`` the same of intervals from refits on redrawn runs (plain percentiles, widened ones, and the sandwich
beside them) and of what a plan says: exponent of the optimal size, that size, and its loss at ten times the most
compute.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from tests.analysis.test_fit_few_clusters import simulated

from scalebook.analysis.engine.clusters import widening
from scalebook.analysis.fit import bootstrap, fit_batch
from scalebook.analysis.law import laws

LAWS = (
    "chinchilla",
    "chinchilla_tied",
    "compute",
    "kaplan",
    "multiplicative",
    "minicpm",
    "overtraining",
    "chinchilla_ties",
)
RUNS = (4, 5, 6, 8, 12, 20, 40)


def shares(name: str, runs: int, objective: str, simulations: int) -> tuple[list[float], float, list[float]]:
    """Intervals that hold: of each coefficient, of the law far away; and coefficients that have one."""
    law = laws[name]
    tables, truth, run = simulated(law, runs, simulations, seed=11)
    batch = fit_batch(law, tables, objective=objective, level=0.9, clusters=[run] * simulations)  # type: ignore[arg-type]
    fits = [f for f in batch if f.status == "converged"]
    at: dict[str, Any] = {key: 3 * float(np.median([t[key] for t in tables])) for key in law.inputs}
    exact = float(law.predict(*at.values(), **truth))
    found, given = [], []
    for key in law.free:
        ends = np.array([(f.coefficients[key].low, f.coefficients[key].high) for f in fits])
        there = np.isfinite(ends[:, 0])
        given.append(float(there.mean()))
        found.append(float(np.mean((ends[there, 0] <= truth[key]) & (truth[key] <= ends[there, 1]))))
    ends = np.array([f.interval(**at) for f in fits])
    ends = ends[np.isfinite(ends[:, 0])]
    return found, float(np.mean((ends[:, 0] <= exact) & (exact <= ends[:, 1]))), given


def redrawn(tables: list[Any], name: str, truth: Any, run: Any, objective: str) -> tuple[Any, Any]:
    """Whether 90 % intervals hold, shape (ways, coefficients) and (ways, quantities of a plan), by per cent.

    Ways are percentiles of 400 refits, the same widened, and the sandwich with Student's t.
    """
    law = laws[name]
    fits = fit_batch(law, tables, objective=objective, level=0.9, clusters=[run] * len(tables))  # type: ignore[arg-type]
    exact = np.array([truth[key] for key in law.coefficients])
    held, planned = [], []
    for table, found in zip(tables, fits, strict=True):
        if found.status != "converged":
            continue
        drawn = bootstrap(law, table, found, 400, clusters=run)
        plain = np.quantile(drawn.values[drawn.converged], [0.05, 0.95], axis=0)
        wide = np.array([*drawn.interval(0.9).values()]).T
        sandwich = np.array([(e.low, e.high) for e in found.coefficients.values()]).T
        held.append([inside(ends, exact) for ends in (plain, wide, sandwich)])
        if name == "chinchilla":
            flops = 10 * float(np.max(6 * table["params"] * table["tokens"]))
            centre, values = (optimum(v, flops) for v in (drawn.centre, drawn.values[drawn.converged].T))
            ends = np.nanquantile(values, [0.05, 0.95], axis=1)
            further = centre + widening(0.9, found.clusters) * (ends - centre)
            planned.append([inside(e, optimum(exact, flops)) for e in (ends, further)])
    return 100 * np.nanmean(held, axis=0), 100 * np.mean(planned, axis=0) if planned else None


def inside(ends: Any, exact: Any) -> Any:
    """Whether intervals hold, as numbers; NaN where there is none."""
    return np.where(np.isfinite(ends[0]), (ends[0] <= exact) & (exact <= ends[1]), np.nan)


def optimum(values: Any, flops: float) -> Any:
    """Exponent of the optimal size, logarithm of that size, and of its loss, of coefficients of ``chinchilla``."""
    floor, a, b, alpha, beta = values
    share = beta / (alpha + beta)
    params = (alpha * a / (beta * b)) ** (1 / (alpha + beta)) * (flops / 6) ** share
    return np.array([share, np.log(params), np.log(floor + a * params**-alpha + b * (flops / 6 / params) ** -beta)])


def alike(runs: int, count: int) -> tuple[list[Any], dict[str, float], Any]:
    """Tables of runs that all saw as many tokens, as sweeps of sizes do."""
    law, rng = laws["chinchilla"], np.random.default_rng(runs)
    truth = {"E": 1.7, "A": 400.0, "B": 600.0, "alpha": 0.34, "beta": 0.3}
    run = np.repeat(np.arange(runs), 20)
    params, tokens = np.geomspace(2e7, 3e9, runs)[run], np.tile(np.geomspace(1e9, 1e11, 20), runs)
    exact = law.predict(params, tokens, **truth)
    noise = [0.003 * rng.normal(size=runs)[run] + 0.001 * rng.normal(size=len(run)) for _ in range(count)]
    return [{"params": params, "tokens": tokens, "loss": exact * np.exp(n)} for n in noise], truth, run


def main_of_refits(count: int = 150) -> None:
    """Print the table of refits on redrawn runs."""
    for objective in ("huber-log", "lsq-log"):
        for runs in RUNS[:-1]:
            worlds = {name: simulated(laws[name], runs, count, seed=11) for name in LAWS if name != "chinchilla_ties"}
            found = [redrawn(t, name, truth, run, objective) for name, (t, truth, run) in worlds.items()]
            found.append(redrawn(*_placed(alike(runs, count)), objective))
            every = np.concatenate([shares for shares, _ in found], axis=1)
            plans = np.concatenate([plan for _, plan in found if plan is not None], axis=1)
            cells = [f"{a.min():.0f} {a.mean():.0f} {a.max():.0f}" for a in (*every, *plans)]
            sys.stdout.write(
                f"{objective} {runs} runs: percentiles {cells[0]}; widened {cells[1]}; sandwich {cells[2]};"
                f" plan by percentiles {cells[3]}; widened {cells[4]}\n"
            )
            sys.stdout.flush()


def _placed(world: tuple[list[Any], dict[str, float], Any]) -> tuple[list[Any], str, dict[str, float], Any]:
    tables, truth, run = world
    return tables, "chinchilla", truth, run


def main() -> None:
    """Print the table."""
    for objective in ("lsq-log", "huber-log"):
        for runs in RUNS:
            parts = [shares(name, runs, objective, 200 if runs <= 8 else 150) for name in LAWS]
            every = 100 * np.array([share for found, _, _ in parts for share in found])
            law = 100 * np.array([share for _, share, _ in parts])
            given = 100 * np.mean([share for _, _, some in parts for share in some])
            cells = [f"{a.min():.0f} {a.mean():.0f} {a.max():.0f}" for a in (every, law)]
            sys.stdout.write(f"{objective} {runs} runs: coefficients {cells[0]}; law {cells[1]}; given {given:.0f} %\n")


if __name__ == "__main__":
    main_of_refits() if "bootstrap" in sys.argv else main()
