"""How long a user's file takes to load, and how much memory, beside pandas reading the same file."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from scalebook.corpus.database import open_corpus
from scalebook.ingest.own_build import ingest_runs
from scalebook.ingest.own_runs import load_runs

#: Rows, seconds and peak of memory of loading a file in a process of its own.
MEASURED = """
import sys, time
began = time.perf_counter()
from scalebook.ingest.own_runs import losses, read_runs
rows = len(losses(read_runs(sys.argv[1]))[0]["loss"])
seconds = time.perf_counter() - began
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")] or ["VmHWM: 0"]
print(rows, seconds, 1024 * int(peak[0].split()[1]))
"""


def runs(rows: int, wide: int = 0) -> pa.Table:
    """Thirty runs of a law, with columns that nobody needs."""
    each = rows // 30
    params = np.repeat(np.geomspace(1e7, 1e10, 30).round(), each)
    tokens = np.tile(np.arange(1.0, each + 1) * 524288 * 50, 30)
    noise = np.random.default_rng(0).normal(0, 0.01, len(params))
    more = {f"train/metric_{n}": noise for n in range(wide)}
    loss = 1.7 + 400 / params**0.34 + 400 / tokens**0.28 + noise
    run = np.repeat([f"model-{n:02d}-of-the-sweep" for n in range(30)], each)
    return pa.table({"run": run, "params": params, "tokens": tokens, "loss": loss, **more})


def written(folder: Path, rows: int, wide: int = 0) -> Path:
    file = folder / "mine.csv"
    pa_csv.write_csv(runs(rows, wide), file)
    return file


def test_thirty_runs_with_ten_thousand_checkpoints(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    file = written(tmp_path, 10_000)
    frame = benchmark(load_runs, file)
    assert len(frame) == 9_990
    began = time.perf_counter()
    pd.read_csv(file)
    benchmark.extra_info["pandas.read_csv alone [s]"] = time.perf_counter() - began
    assert benchmark.stats is not None
    assert benchmark.stats.stats.median < 0.1


def test_the_same_in_a_new_process(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    file = written(tmp_path, 10_000)

    def load() -> list[str]:
        command = [sys.executable, "-c", MEASURED, str(file)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert benchmark(load)[0] == "9990"
    assert benchmark.stats is not None
    assert benchmark.stats.stats.median < 1.0


@pytest.mark.parametrize(("rows", "wide"), [(2_700_000, 0), (150_000, 70)], ids=["long", "wide"])
def test_two_hundred_megabytes(benchmark: BenchmarkFixture, tmp_path: Path, rows: int, wide: int) -> None:
    file = written(tmp_path, rows, wide)
    assert 150e6 < file.stat().st_size < 300e6

    def load() -> list[float]:
        command = [sys.executable, "-c", MEASURED, str(file)]
        return [float(x) for x in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]

    count, seconds, peak = benchmark(load)
    began = time.perf_counter()
    pd.read_csv(file)
    benchmark.extra_info |= {"seconds": seconds, "peak MB": peak / 1e6, "pandas [s]": time.perf_counter() - began}
    assert count == rows
    assert seconds < 20
    assert peak < (1.2e9 if wide == 0 else 0.4e9)  # grows with what is kept, not with the file


def test_own_runs_that_are_not_there_cost_nothing(
    benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path / "none"))

    def opened(own_runs: bool) -> float:
        began = time.process_time()
        open_corpus(own_runs=own_runs).close()
        return time.process_time() - began

    pairs = [(opened(True), opened(False)) for _ in range(20)]
    benchmark(opened, True)
    ratio = min(w for w, _ in pairs) / min(wo for _, wo in pairs)
    benchmark.extra_info["with over without"] = ratio
    assert ratio < 1.15


def test_ingesting_ten_thousand_checkpoints(
    benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path / "own"))
    file = written(tmp_path, 10_000)
    done = benchmark(ingest_runs, [file])
    assert done.rows["metrics"] == 9_990
