"""The engine against the reference's own code, on the same cells of the same data, in the same run.

``SCALEBOOK_COLPRET`` names a clone of IBM/ColPret; without one the benchmark is skipped. Of its ``util/fit_utils.py``
and ``fitting_funcs.py`` only the functions that make a cell are run, as they stand there: the modules around them want
a display, seaborn and torch. The data are the families of the corpus that it publishes, in one frame of as many rows as
the paper counts; the rest of the rows are of other models, as most of theirs are, and most columns are empty, as theirs
are. ``SCALEBOOK_COLPRET=../ColPret pytest tests/benchmarks/test_colpret_benchmarks.py --benchmark-only``
"""

from __future__ import annotations

import ast
import os
import sys
import time
import typing
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scalebook.analysis.fit import fit_batch
from scalebook.analysis.law import laws
from scalebook.analysis.replications._reference import CUT, END
from scalebook.corpus.database import open_corpus

CLONE = os.environ.get("SCALEBOOK_COLPRET", "")
ROWS, COLUMNS, MODELS = 1_900_000, 60, 485
SHARES = (0.1, 0.4, 0.7, 1.0)
COPIES, NOISE, TABLES = 40, 0.004, 60
NEEDED = ("scaled_set", "model_name", "num_params", "tokens_seen", "perf")
FUNCTIONS = {
    "fitting_funcs.py": ("FitInfo", "chinchilla_power_law_fit", "ChinchillaFit"),
    "util/fit_utils.py": (
        "single_scaling",
        "mean_squared_error",
        "fit",
        "get_model_data",
        "mean_normalized_distance",
        "nunique_model_size",
        "unique_model_size",
        "get_model_nums",
    ),
}
FAMILIES = (
    "select family as scaled_set, run as model_name, params as num_params, tokens as tokens_seen, loss as perf"
    " from losses where params is not null and tokens > 0 and source like 'colpret%' and family in"
    " (select family from losses where params is not null and tokens > 1e10 group by family"
    " having count(distinct params) between 3 and 10) order by all"
)
Cell = tuple[str, float, int]

pytestmark = pytest.mark.skipif(not CLONE, reason="SCALEBOOK_COLPRET names no clone of IBM/ColPret")


@pytest.fixture(scope="module")
def theirs() -> SimpleNamespace:
    """Their functions, compiled from the clone."""
    metrics = SimpleNamespace(mean_squared_error=lambda found, true: float(np.mean((found - true.to_numpy()) ** 2)))
    space: dict[str, Any] = {
        **{"np": np, "pd": pd, "curve_fit": curve_fit, "dataclass": dataclass, "__name__": "colpret"},
        **{name: getattr(typing, name) for name in ("Tuple", "Union", "List")},
        "sklearn": SimpleNamespace(metrics=metrics),
    }
    for file, wanted in FUNCTIONS.items():
        tree = ast.parse((Path(CLONE) / file).read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if _name(node) in wanted]
        exec(compile(tree, file, "exec", dont_inherit=True), space)
    return SimpleNamespace(**{name: space[name] for names in FUNCTIONS.values() for name in names})


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return getattr(node, "name", "")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Families of the corpus with their readings, other models, words, and empty columns."""
    with open_corpus(own_runs=False) as corpus:
        known = corpus.query(FAMILIES).df()
    rng, others = np.random.default_rng(0), MODELS - known["model_name"].nunique()
    each = (ROWS - len(known)) // others
    sizes = np.exp(rng.uniform(np.log(1e7), np.log(7e9), others))
    rest = pd.DataFrame(
        {
            "scaled_set": np.repeat([f"others {k // 6}" for k in range(others)], each),
            "model_name": np.repeat([f"other {k}" for k in range(others)], each),
            "num_params": np.repeat(sizes, each),
            "tokens_seen": np.tile(np.linspace(1e6, 1.4e11, each), others),
            "perf": 3.0,
        }
    )
    made = pd.concat([known, rest], ignore_index=True)
    made["flops"] = 6 * made["num_params"] * made["tokens_seen"]
    made["tokens_per_epoch"] = 1e12
    words = {f"word {k}": "as it was published" for k in range(10)}
    empty = {f"metric {k}": np.nan for k in range(COLUMNS - made.shape[1] - len(words))}
    return pd.concat([made, pd.DataFrame({**words, **empty}, index=made.index)], axis=1)


def cells(frame: pd.DataFrame, numbers: Callable[[int], range]) -> list[tuple[Cell, list[str]]]:
    """Every family, share of training and number of sizes that the reference takes, with the models by size."""
    found = []
    for family, mine in frame[~frame["scaled_set"].str.startswith("others")].groupby("scaled_set"):
        models = mine[["model_name", "num_params"]].drop_duplicates().sort_values("num_params")["model_name"].tolist()
        found += [((str(family), share, k), models) for share in SHARES for k in numbers(len(models) - 1)]
    return found


def as_they_do(
    theirs: SimpleNamespace, frame: pd.DataFrame, cell: Cell, models: list[str]
) -> tuple[float, float, float]:
    """Error of a cell (NaN where it stays empty), and processor time of filtering and of all."""
    _, share, k = cell
    begin = time.process_time()
    seen = theirs.get_model_data(df=frame, models=models[:k], max_percentage=share, min_tokens=CUT)
    target = theirs.get_model_data(df=frame, models=[models[-1]], min_percentage=END)
    filtered = time.process_time() - begin
    theirs.nunique_model_size(seen)
    seen["flops"].sum()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        _, error, *_ = theirs.single_scaling(seen, target, theirs.ChinchillaFit, abs_are=True)
    return np.nan if error is None else float(error), filtered, time.process_time() - begin


Problems = list[dict[str, Any]]


def problems_of(
    frame: pd.DataFrame, asked: list[tuple[Cell, list[str]]]
) -> tuple[Problems, list[dict[str, Any]], list[int]]:
    """What every cell learns from and forecasts, of those that have data, and their places among all."""
    families = {cell[0] for cell, _ in asked}
    few = frame.loc[frame["scaled_set"].isin(families), list(NEEDED)]
    by_model = dict(iter(few.groupby("model_name")))
    problems, targets, filled = [], [], []
    for place, ((_, share, k), models) in enumerate(asked):
        seen, target = pd.concat([by_model[name] for name in models[:k]]), by_model[models[-1]]
        most = seen["tokens_seen"].max()
        seen = seen[(seen["tokens_seen"] > CUT) & (seen["tokens_seen"] < share * most)]
        target = target[target["tokens_seen"] >= END * target["tokens_seen"].max()]
        if len(seen) and len(target):
            filled.append(place)
            problems.append(_columns(seen))
            targets.append(_columns(target))
    return problems, targets, filled


def ours(frame: pd.DataFrame, asked: list[tuple[Cell, list[str]]]) -> list[float]:
    """Errors of the same cells as one batch, the frame turned into arrays once; NaN for those without data or law."""
    problems, targets, filled = problems_of(frame, asked)
    errors = [float("nan")] * len(asked)
    for place, fit, there in zip(
        filled, fit_batch(laws["chinchilla"], problems, objective="lsq"), targets, strict=True
    ):
        if np.isfinite(fit.value):
            errors[place] = float(np.abs(fit.predict(**there) / there["loss"] - 1).mean())
    return errors


def determined() -> Problems:
    """Tables of 20 to 5,000 points that determine the law, as `test_fit_benchmarks` has them."""
    rng, found = np.random.default_rng(3), []
    for _ in range(TABLES):
        n = int(np.exp(rng.uniform(np.log(20), np.log(5000))))
        params, tokens = (np.exp(rng.uniform(np.log(low), np.log(high), n)) for low, high in ((2e7, 2e10), (1e9, 3e11)))
        found.append(
            {
                "params": params,
                "tokens": tokens,
                "loss": 1.8 + 0.5 * (params / 3e8) ** -0.34 + 0.6 * (tokens / 3e10) ** -0.3,
            }
        )
    return found


def in_bulk(problems: Problems, jobs: int) -> float:
    """Wall time of a fit, in ms, where each table is one of as many as a meta-analysis has.

    Tables are copied with noise, so that no two are the same; a law takes as long as it takes among thousands.
    """
    rng = np.random.default_rng(1)
    many = [
        {**table, "loss": table["loss"] * np.exp(NOISE * rng.standard_normal(len(table["loss"])))}
        for table in problems
        for _ in range(COPIES)
    ]
    fit_batch(laws["chinchilla"], problems, objective="lsq", jobs=jobs)  # processes are there
    begin = time.perf_counter()
    fit_batch(laws["chinchilla"], many, objective="lsq", jobs=jobs)
    return 1e3 * (time.perf_counter() - begin) / len(many)


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    names = {"params": "num_params", "tokens": "tokens_seen", "loss": "perf"}
    return {mine: rows[name].to_numpy(float) for mine, name in names.items()}


def test_cells_against_the_code_of_the_reference(
    benchmark: Any, theirs: SimpleNamespace, frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    """Processor time of one process, theirs and ours in turn."""
    asked = cells(frame, theirs.get_model_nums)
    found = np.array([as_they_do(theirs, frame, *cell) for cell in asked])
    spent: list[float] = []

    def timed() -> list[float]:
        begin = time.process_time()
        errors = ours(frame, asked)
        spent.append(time.process_time() - begin)
        return errors

    errors = np.array(benchmark.pedantic(timed, rounds=3, warmup_rounds=1))
    mine, all_theirs, filtering = 1e3 * np.median(spent), 1e3 * found[:, 2].sum(), 1e3 * found[:, 1].sum()
    count, tables = len(asked), problems_of(frame, asked)[0]
    alone, both = (in_bulk(tables, jobs) for jobs in (1, 2))
    made = in_bulk(determined(), 2)
    benchmark.extra_info.update(
        cells=count,
        ours_ms=mine / count,
        bulk_ms=alone,
        two_cores_ms=both,
        determined_ms=made,
        theirs_ms=all_theirs / count,
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{count} cells of a frame of {len(frame):,} rows and {frame.shape[1]} columns, processor time: their"
            f" code {all_theirs / count:.0f} ms each ({filtering / count:.0f} of it filters), ours"
            f" {mine / count:.1f} ms: {all_theirs / mine:.1f} times; {COPIES} times as many at once take {alone:.2f} ms"
            f" a fit on one core ({all_theirs / count / alone:.0f} times), {both:.2f} ms on two"
            f" ({all_theirs / count / both:.0f} times); tables of 20 to 5,000 points that determine the law take"
            f" {made:.2f} ms ({all_theirs / count / made:.0f} times). They filled"
            f" {np.isfinite(found[:, 0]).sum()}, ours {np.isfinite(errors).sum()}; median error"
            f" {100 * np.nanmedian(found[:, 0]):.2f} % against {100 * np.nanmedian(errors):.2f} %\n"
        )
    assert np.isfinite(errors).sum() >= 0.9 * np.isfinite(found[:, 0]).sum()
    assert all_theirs > 4 * mine
