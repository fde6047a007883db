"""The whole meta-analysis as a process of its own: laws fitted, seconds, memory; and killed twenty times.

Run with ``pytest tests/benchmarks/test_study_benchmarks.py --benchmark-only``: it takes some minutes.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scalebook.analysis.study import Study

LAWS, SECONDS, MEMORY = 10_000, 60.0, 4e9
"""What a study of everything must reach on two cores."""
KILLS = 20


def start(folder: Path) -> subprocess.Popen[bytes]:
    """The study of everything in two processes, in a group of its own."""
    words = [
        "study",
        "--all",
        "--jobs",
        "2",
        "--cache",
        folder,
        "--into",
        folder / "results",
        "-o",
        folder / "all.parquet",
    ]
    command = [sys.executable, "-c", "from scalebook.cli import main; main()", *map(str, words)]
    environment = {**os.environ, "SCALEBOOK_RUNS": str(folder / "none")}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, start_new_session=True)


def run(folder: Path) -> tuple[float, float]:
    """Seconds and most memory of the process and its children together."""
    psutil: Any = pytest.importorskip("psutil")
    began, most = time.perf_counter(), 0.0
    process = start(folder)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        used = 0.0
        with contextlib.suppress(psutil.Error):
            for one in (watched, *watched.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    used += one.memory_info().rss
        most = max(most, used)
        time.sleep(0.2)
    assert process.returncode == 0
    return time.perf_counter() - began, most


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float, float]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, *run(folder)


def test_a_study_of_everything(benchmark: Any, undisturbed: tuple[Path, float, float]) -> None:
    folder, seconds, memory = undisturbed
    again = benchmark.pedantic(run, (folder,), rounds=1)
    done = Study(pd.read_parquet(folder / "all.parquet"), seconds, 0)
    told = {"laws": done.laws_fitted, "families": done.families, "seconds": seconds, "bytes": memory, "again": again[0]}
    benchmark.extra_info.update(told)
    sys.stderr.write(f"\n{told}\n")
    assert done.laws_fitted >= LAWS
    assert seconds <= SECONDS
    assert memory <= MEMORY


def test_killed_twenty_times(benchmark: Any, undisturbed: tuple[Path, float, float], tmp_path: Path) -> None:
    folder, seconds, _ = undisturbed
    chance = random.Random(0)

    def disturbed() -> list[int]:
        kept = []
        for _ in range(KILLS):
            process = start(tmp_path)
            # Long enough to begin, and together about as long as all of it takes.
            time.sleep(chance.uniform(2.0, 4.0 + 2 * seconds / KILLS))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kept.append(len(list((tmp_path / "study").glob("*.parquet"))))
        run(tmp_path)
        return kept

    kept = benchmark.pedantic(disturbed, rounds=1)
    sys.stderr.write(f"\nunits kept after each kill: {kept}\n")
    assert kept == sorted(kept)
    one, other = (pd.read_parquet(root / "all.parquet") for root in (folder, tmp_path))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
