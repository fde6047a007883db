"""How long the corpus takes to answer, beside the same answer from the published files with pandas."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from scalebook.corpus.database import open_corpus
from scalebook.ingest.build import MEASURED
from scalebook.ingest.source import SOURCES

AGGREGATE = "select metric, count(*), avg(value) from metrics group by metric order by metric"


def test_aggregate_over_all_metrics(benchmark: BenchmarkFixture, raw_sources: Path) -> None:
    with open_corpus() as corpus:
        ours = benchmark(corpus.rows, AGGREGATE)
    assert benchmark.stats is not None
    began = time.perf_counter()
    frames = [
        tables["metrics"][["metric", "value"]]
        for source in SOURCES.values()
        if set(tables := source.tables(raw_sources / source.folder)) >= MEASURED
    ]
    grouped = pd.concat(frames).groupby("metric")["value"].agg(["count", "mean"])
    theirs = time.perf_counter() - began
    ratio = theirs / benchmark.stats.stats.median
    benchmark.extra_info["pandas over the published files [s]"] = theirs
    benchmark.extra_info["ratio"] = ratio
    assert ratio > 50
    # corrections drop or scale a few hundred of the 770,000 values, so that the counts differ by less than that
    counts = pd.Series({metric: count for metric, count, _ in ours})
    assert (counts - grouped["count"]).abs().sum() < 1000


def test_losses_of_all_families(benchmark: BenchmarkFixture) -> None:
    with open_corpus() as corpus:
        rows = benchmark(corpus.rows, "select family, count(distinct run) from losses group by all")
    assert len(rows) > 100


@pytest.mark.parametrize("family", ["gpt3"])
def test_points_of_a_family(benchmark: BenchmarkFixture, family: str) -> None:
    from scalebook.analysis.points import family_points

    with open_corpus() as corpus:
        points = benchmark(family_points, corpus, family)
    assert len(points) > 4000
