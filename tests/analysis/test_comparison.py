from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalebook.analysis.comparison import Comparison, compare
from scalebook.analysis.error import relative_error
from scalebook.analysis.fit import fit
from scalebook.analysis.law import laws
from scalebook.analysis.points import Points, family_points
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import UnknownName


def made(sizes: int = 6, noise: float = 0.001, seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    params, share = (
        x.ravel() for x in np.meshgrid(np.geomspace(1e7, 3e9, sizes), np.arange(1, 21) / 20, indexing="ij")
    )
    tokens = share * 6e9 * (params / 1e7) ** 0.3
    loss = 1.8 + 400 * params**-0.34 + 2000 * tokens**-0.35
    columns = {
        "run": np.array([f"r{n:.0f}" for n in params], object),
        "params": params,
        "tokens": tokens,
        "flops": 6 * params * tokens,
        "loss": loss * np.exp(noise * rng.normal(size=len(params))),
    }
    return Points("made", columns)


def test_the_law_that_made_the_data_forecasts_best() -> None:
    found = compare(made())
    assert isinstance(found, Comparison)
    assert found.best is not None
    assert found.best.law == "chinchilla"
    assert found.best.are < 0.005
    assert found.trials[0] is found.best
    finite = [t.are for t in found.trials if np.isfinite(t.are)]
    assert finite == sorted(finite)
    baseline = next(t for t in found.trials if t.law == "last_seen")
    assert baseline.signed_error > 0.02  # a larger model is better than the last one seen
    assert np.isnan(baseline.aic)


def test_the_error_is_that_of_a_fit_to_the_smaller_sizes() -> None:
    points = made()
    (trial,) = compare(points, ["chinchilla"]).trials
    assert trial.forecasts == 2
    progress = points["tokens"] / points.run_tokens
    errors = []
    for k in (5, 4):
        seen = points.where((points.level < k) & (progress >= 0.1 - 1e-9))
        target = points.where((points.level == k) & (progress >= 0.7 - 1e-9))
        law = fit(laws["chinchilla"], seen.columns, starts=8)
        errors.append(relative_error(law.predict(params=target["params"], tokens=target["tokens"]), target["loss"]))
    assert trial.are == pytest.approx(np.mean([np.abs(e).mean() for e in errors]), rel=1e-6)
    assert trial.signed_error == pytest.approx(np.mean([e.mean() for e in errors]), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize(("sizes", "forecasts"), [(6, 2), (5, 2), (4, 1), (3, 1)])
def test_the_second_largest_is_forecast_where_three_sizes_remain(sizes: int, forecasts: int) -> None:
    found = compare(made(sizes), ["last_seen"])
    assert found.trials[0].forecasts == len(found.held_out) == forecasts
    assert found.held_out[0][0] == pytest.approx(3e9)


def test_two_sizes_are_too_few() -> None:
    found = compare(made(2))
    assert {t.status for t in found.trials if t.law in ("chinchilla", "last_seen")} == {"too_few_sizes"}
    assert found.best is None
    assert compare(made().where(np.zeros(120, bool)), ["compute"]).trials[0].status == "too_few_sizes"


def test_criteria_are_beside_the_error_and_do_not_rank() -> None:
    points = made(noise=0.002)
    found = {t.law: t for t in compare(points, ["chinchilla", "compute", "chinchilla_tied"]).trials}
    chinchilla = found["chinchilla"]
    n = chinchilla.points
    assert chinchilla.bic - chinchilla.aic == pytest.approx(6 * (np.log(n) - 2))
    assert chinchilla.aic < found["compute"].aic
    assert n == 6 * 19  # the first tenth is left out: one checkpoint of twenty (the second is at a tenth)


def test_what_cannot_be_tried_is_a_row() -> None:
    points = made()
    bare = replace(points, columns={k: v for k, v in points.columns.items() if k != "flops"})
    found = {t.law: t for t in compare(bare, ["compute", "chinchilla"]).trials}
    assert (found["compute"].status, found["compute"].reason) == (
        "not_applicable",
        "the law needs flops of every point",
    )
    assert found["chinchilla"].status == "converged"
    mixed = replace(points, columns={**points.columns, "params_basis": np.array(["a"] * 60 + ["b"] * 60, object)})
    assert compare(mixed, ["chinchilla"]).trials[0].status == "mixed_bases"
    assert compare(mixed, ["chinchilla"], allow_mixed=True).trials[0].status == "converged"
    line = points.where(points["tokens"] == points.run_tokens)
    not_fitted = compare(line, ["chinchilla"]).trials[0]
    assert not_fitted.status != "converged"
    assert np.isnan(not_fitted.are)


def test_objectives_are_compared_alike() -> None:
    found = compare(made(), ["chinchilla"], ["huber-log", "lsq"])
    assert {t.objective for t in found.trials} == {"huber-log", "lsq"}
    with pytest.raises(UnknownName, match="no objective named 'l2'"):
        compare(made(), ["chinchilla"], ["l2"])  # type: ignore[list-item]
    with pytest.raises(UnknownName, match="no law named 'chinchila'"):
        compare(made(), ["chinchila"])


def test_a_table_has_a_row_per_trial() -> None:
    rows = compare(made(), ["chinchilla", "compute"]).table()
    assert [r["law"] for r in rows] == ["chinchilla", "compute"]
    assert {"are", "signed_error", "aic", "bic", "status", "reason"} <= set(rows[0])


def test_on_the_corpus_every_law_beats_the_last_loss_seen() -> None:
    with open_corpus() as corpus:
        found = compare(family_points(corpus, "gpt3"))
    assert found.best is not None
    assert found.best.are < 0.01
    last = next(t for t in found.trials if t.law == "last_seen")
    assert last.are > 5 * found.best.are


def test_a_small_corpus_will_do(small: Corpus) -> None:
    assert compare(family_points(small, "one"), ["chinchilla"]).trials[0].status in ("converged", "not_identified")
