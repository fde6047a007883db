"""Print the table of docs/engine.md on few runs: ``python -m tests.benchmarks.few_runs`` in the root, some minutes.

For each number of runs, the share of 90 % intervals that hold, over the coefficients of eight laws and over their
predictions far away: least, mean and greatest; and the share of coefficients that have an interval.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from tests.analysis.test_fit_few_clusters import simulated

from scalebook.analysis.fit import fit_batch
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
    main()
