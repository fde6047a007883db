"""What someone at the shell waits for, beside the usual way to the same answer, in the same run."""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

from scalebook.analysis.fit import Fit, fit_batch
from scalebook.analysis.law import laws
from scalebook.analysis.points import Points, families_with_points, family_points
from scalebook.analysis.protocol import protocols
from scalebook.corpus.database import DATA, open_corpus

CONSOLE = str(Path(sys.executable).parent / "scalebook")
QUERY = "select family, count(distinct run) runs from losses group by all order by runs desc"

#: The same question, as one asks it who has the Parquet files and pandas.
PANDAS = """
import sys, pandas as pd
families, runs, metrics = (pd.read_parquet(f"{sys.argv[1]}/{t}") for t in ("families", "runs", "metrics"))
named = ["metric", "task", "split", "shots"]
rows = metrics.merge(runs[["run", "family"]], on="run").merge(families[["family", *named]], on=["family", *named])
counts = rows.groupby("family")["run"].nunique().sort_values(ascending=False)
counts.rename("runs").to_csv(sys.stdout)
"""


def answered(text: str) -> dict[str, str]:
    return {row["family"]: row["runs"] for row in csv.DictReader(io.StringIO(text))}


def test_a_question_at_the_shell_against_pandas(benchmark: Any) -> None:
    """Whole processes: start, read the committed Parquet, answer."""

    def run(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    ours = benchmark.pedantic(run, (CONSOLE, "sql", QUERY, "--format", "csv"), rounds=7, warmup_rounds=1)
    seconds, theirs = [], ""
    for _ in range(3):
        began = time.perf_counter()
        theirs = run(sys.executable, "-c", PANDAS, str(DATA))
        seconds.append(time.perf_counter() - began)
    assert answered(ours) == answered(theirs)
    assert len(answered(ours)) > 30
    benchmark.extra_info["pandas over the same files [s]"] = min(seconds)
    benchmark.extra_info["ratio"] = min(seconds) / benchmark.stats.stats.min
    assert benchmark.stats.stats.min < 0.6
    assert benchmark.extra_info["ratio"] > 1


Array = NDArray[np.float64]


def seen_by_the_guide() -> list[Points]:
    """What the fits of the guide learn from, in every fourth family."""
    split = protocols["sizes_and_fraction"].split
    with open_corpus() as corpus:
        families = [family_points(corpus, name) for name in families_with_points(corpus)[::4]]
    seen = [points.where(s.train) for points in families for s in split(points)]
    return [points for points in seen if len(points) > 5]


def test_the_fits_of_the_guide_against_curve_fit_from_one_start(benchmark: Any) -> None:
    """The same rows: from eight starts, verified, with the default objective; and squares from one start with SciPy."""
    seen = seen_by_the_guide()
    tables = [dict(points.columns) for points in seen]
    fits: list[Fit] = benchmark.pedantic(
        fit_batch, (laws["chinchilla"], tables), {"starts": 8, "level": 0.9}, rounds=2, warmup_rounds=1
    )
    ours = benchmark.stats.stats.median / len(seen)
    some = seen[::5]
    began = time.perf_counter()
    for points in some:
        by_scipy(points)
    theirs = (time.perf_counter() - began) / len(some)
    benchmark.extra_info |= {
        "fits": len(fits),
        "points, on average": float(np.mean([len(points) for points in seen])),
        "ours, 8 starts [ms]": 1e3 * ours,
        "curve_fit, one start [ms]": 1e3 * theirs,
        "ratio": theirs / ours,
    }
    assert len(fits) > 100
    assert ours <= theirs


def by_scipy(points: Points) -> None:
    """The call of the reference (arXiv:2410.11840); what does not converge costs its time all the same."""

    def law(x: Array, a: float, b: float, e: float, alpha: float, beta: float) -> Array:
        loss: Array = np.exp(e) + np.exp(a - alpha * x[0]) + np.exp(b - beta * x[1])
        return loss

    bounds = ([-np.inf, -np.inf, -np.inf, 0, 0], np.inf)
    start = (6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            curve_fit(law, np.log([points["params"], points["tokens"]]), points["loss"], p0=start, bounds=bounds)
        except RuntimeError:
            return


def test_the_whole_guide(benchmark: Any, tmp_path: Path) -> None:
    """From nothing known to HTML and PDF, in a process of its own."""
    folders = iter(range(9))

    def run() -> None:
        n = next(folders)
        command = [CONSOLE, "report", "guide", "-o", str(tmp_path / f"{n}"), "--cache", str(tmp_path / f"cache{n}")]
        subprocess.run(command, check=True, capture_output=True)

    benchmark.pedantic(run, rounds=1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    benchmark.extra_info["largest process [MB]"] = peak / 1e6
    assert (tmp_path / "0" / "guide.pdf").stat().st_size > 100_000
    assert (tmp_path / "0" / "guide.html").stat().st_size > 100_000
    assert benchmark.stats.stats.max < 120
    assert peak < 2e9
