"""What a plan costs, beside the imports alone of those who solve it with SciPy, in the same run."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from scalebook.analysis.law import laws
from scalebook.analysis.planner.surface import Surface

CONSOLE = str(Path(sys.executable).parent / "scalebook")
PLAN = ("plan", "--like-params", "13e9", "--inference-tokens", "2e12", "--coefficients", "sardana", "--json")
IMPORTS = "import numpy, scipy.optimize, duckdb"
LAW = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}
DRAWS = 400


def spent(*command: str) -> tuple[float, float]:
    """Wall-clock and processor seconds of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compared(benchmark: Any, command: tuple[str, ...], imports: str, rounds: int) -> float:
    """Processor time of a plan over that of imports: whole processes in turn, which a loaded machine changes least."""
    pairs = [(spent(CONSOLE, *command), spent(sys.executable, "-c", imports)) for _ in range(rounds)]
    ours, theirs = (float(np.median([pair[k][1] for pair in pairs])) for k in (0, 1))
    benchmark.pedantic(spent, (CONSOLE, *command), rounds=3)
    benchmark.extra_info["plan [s of processor]"] = ours
    benchmark.extra_info[f"{imports} [s of processor]"] = theirs
    benchmark.extra_info["plan [s], fastest"] = min(pair[0][0] for pair in pairs)
    benchmark.extra_info["ratio"] = ours / theirs
    return ours / theirs


def test_a_plan_at_the_shell_against_the_imports_of_its_rivals(benchmark: Any) -> None:
    assert compared(benchmark, PLAN, IMPORTS, 7) < 1.2


@pytest.mark.parametrize("checkpoints", [5, 334])
def test_a_plan_from_a_file_of_runs_against_the_imports_of_its_rivals(
    benchmark: Any, tmp_path: Path, checkpoints: int
) -> None:
    """Thirty runs, of which the longer ones have 10,020 checkpoints in all, with 200 refits."""
    file = tmp_path / "runs.csv"
    rng = np.random.default_rng(0)
    with file.open("w") as lines:
        lines.write("run,params,tokens,loss\n")
        for k, params in enumerate(np.geomspace(5e7, 8e8, 30)):
            for tokens in np.linspace(0.05, 1.0, checkpoints) * params * (10, 20, 40)[k % 3]:
                loss = LAW["E"] + LAW["A"] * params ** -LAW["alpha"] + LAW["B"] * tokens ** -LAW["beta"]
                lines.write(f"r{k},{params:.0f},{tokens:.0f},{loss * np.exp(0.003 * rng.normal())}\n")
    plan = ("plan", "--flops", "1e21", "--coefficients", str(file), "--json")
    ratio = compared(benchmark, plan, "import numpy, scipy.optimize, pandas", 5)
    assert ratio < (1.2 if checkpoints == 5 else 2.0)


def one_by_one(values: dict[str, float], loss: float, served: float) -> float:
    """Tokens of the cheapest model, by SciPy and the condition worked out for this law."""
    excess = loss - values["E"]

    def slope(d: float) -> float:
        tokens = np.exp(d)
        data = values["B"] * tokens ** -values["beta"]
        return float(-values["beta"] * data / (values["alpha"] * (excess - data)) + 3 * tokens / (3 * tokens + served))

    least = np.log(values["B"] / excess) / values["beta"]
    return float(np.exp(brentq(slope, least + 1e-9, least + 200.0, xtol=1e-12)))


def test_the_refits_of_a_bootstrap_against_scipy_one_by_one(benchmark: Any) -> None:
    rng = np.random.default_rng(0)
    values = {name: value * np.exp(0.01 * rng.normal(size=(DRAWS, 1))) for name, value in LAW.items()}
    surface = Surface(laws["chinchilla"], values)
    _, d = benchmark(surface.cheapest, 2.2, 1e12)
    began = time.perf_counter()
    rival = [one_by_one({n: float(v[k, 0]) for n, v in values.items()}, 2.2, 1e12) for k in range(DRAWS)]
    seconds = time.perf_counter() - began
    assert np.allclose(np.exp(d[:, 0]), rival, rtol=1e-6)
    benchmark.extra_info["brentq, for this law only [s]"] = seconds
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / seconds
