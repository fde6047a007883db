"""Whatever holds for every approach; a new one in the folder is tested without an edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalebook.analysis.optimal.approach import approaches, optimal
from scalebook.analysis.optimal.closed_form import closed_form
from scalebook.analysis.optimal.frontier import Frontier, Options
from scalebook.analysis.points import Points
from scalebook.corpus.errors import Misuse, UnknownName

from .made import BUDGETS, TRUTH, A, grid, loss  # noqa: TID251 (this folder, not the package)

every = pytest.mark.parametrize("name", list(approaches))
#: How far an exponent read off a noiseless grid of 16 sizes may be from the truth: an envelope is made of steps.
NOISELESS = {"envelope": 3e-3, "parametric": 1e-6}


def changed(points: Points, **factors: float) -> Points:
    return replace(
        points, columns={k: v * factors.get(k, 1.0) if k in factors else v for k, v in points.columns.items()}
    )


def same(one: Frontier, other: Frontier, rel: float = 1e-6) -> None:
    assert one.status == other.status == "found"
    assert other.a.value == pytest.approx(one.a.value, rel=rel)
    assert other.b.value == pytest.approx(one.b.value, rel=rel)


def test_every_approach_says_what_it_is() -> None:
    assert list(approaches) == ["envelope", "isoflop_akima", "isoflop_parabola", "parametric"]
    for name, approach in approaches.items():
        assert approach.name == name
        assert approach.title.startswith("Approach ")


@every
def test_it_recovers_the_exponents_of_noiseless_curves(name: str) -> None:
    frontier = optimal(grid(), name)
    tolerance = NOISELESS.get(name, 1e-3)
    assert frontier.status == "found", frontier.reason
    assert frontier.approach == name
    assert frontier.a.value == pytest.approx(A, abs=tolerance)
    assert frontier.b.value == pytest.approx(1 - A, abs=tolerance)
    assert frontier.params.predict(1e18) * frontier.tokens.predict(1e18) * 6 == pytest.approx(1e18, rel=0.02)
    assert np.isnan(frontier.a.se)


@every
def test_it_recovers_them_from_single_runs_if_it_needs_no_curves(name: str) -> None:
    frontier = optimal(grid(curves=False), name)
    if name == "envelope":
        assert (frontier.status, np.isnan(frontier.a.value)) == ("no_curves", True)
    else:
        assert frontier.a.value == pytest.approx(A, abs=1e-3)


@every
def test_budgets_that_nobody_planned_are_found(name: str) -> None:
    """Curves at odd checkpoints, and single runs scattered about their budgets."""
    odd = grid(budgets=np.geomspace(1e16, 3e19, 29))
    step = np.unique(odd["run"], return_inverse=True)[1]
    shift = 1 + 0.11 * step / step.max()
    columns = dict(odd.columns) | {"tokens": odd["tokens"] * shift, "flops": odd["flops"] * shift}
    curved = replace(odd, columns=columns | {"loss": loss(columns["params"], columns["tokens"])})
    assert optimal(curved, name).a.value == pytest.approx(A, abs=0.01)
    if name != "envelope":
        single = replace(curved, columns={**curved.columns, "run": np.array([str(k) for k in range(len(odd))], object)})
        assert optimal(single, name).a.value == pytest.approx(A, abs=0.02)


@every
def test_units_change_the_level_only(name: str) -> None:
    points = grid(noise=0.002)
    one = optimal(points, name)
    other = optimal(changed(points, params=1e-3, flops=1e-3), name)
    same(one, other)
    assert other.params.predict(1e15) == pytest.approx(1e-3 * one.params.predict(1e18), rel=1e-6)
    nats, bits = optimal(points, name), optimal(changed(points, loss=1 / np.log(2)), name)
    same(nats, bits)


@every
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    points = grid(noise=0.002)
    order = np.random.default_rng(3).permutation(len(points))
    mixed = replace(points, columns={k: v[order] for k, v in points.columns.items()})
    same(optimal(points, name), optimal(mixed, name), rel=1e-6)


@every
def test_intervals_are_seeded_and_hold_the_truth(name: str) -> None:
    points, options = grid(noise=0.002), Options(bootstraps=200)
    one, again = optimal(points, name, options), optimal(points, name, options)
    assert one.a == again.a
    assert one.a.low < A < one.a.high
    assert 0 < one.a.se < 0.1
    assert optimal(points, name, replace(options, seed=1)).a.low != one.a.low
    wide, narrow = one.at(1e24), one.at(1e19)
    assert wide.extrapolation == pytest.approx(1e24 / one.flops[1])
    assert wide.params.high / wide.params.low > narrow.params.high / narrow.params.low
    assert wide.params.low < wide.params.value < wide.params.high


@every
def test_flops_that_are_not_6nd_are_taken_as_they_are(name: str) -> None:
    points = grid(kappa=9.0)
    frontier = optimal(points, name)
    assert frontier.a.value == pytest.approx(A, abs=0.01)
    assert 9 * frontier.params.predict(1e18) * frontier.tokens.predict(1e18) == pytest.approx(1e18, rel=0.02)


@every
@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0, -1.0])
@pytest.mark.parametrize("column", ["params", "tokens", "flops", "loss"])
def test_values_that_cannot_be_are_left_out(name: str, column: str, wrong: float) -> None:
    points = grid()
    values = points[column].copy()
    values[5] = wrong
    broken = optimal(replace(points, columns={**points.columns, column: values}), name)
    clean = optimal(points.where(np.arange(len(points)) != 5), name)
    assert broken.status == clean.status
    assert broken.a.value == pytest.approx(clean.a.value, nan_ok=True)


@every
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_next_to_nothing_is_a_status(name: str, rows: int) -> None:
    frontier = optimal(grid().where(np.arange(len(grid())) < rows), name, Options(bootstraps=200))
    assert frontier.status in ("too_few_budgets", "no_curves", "no_law")
    assert frontier.reason
    assert np.isnan([frontier.a.value, frontier.at(1e20).params.value]).all()


@every
def test_one_size_is_a_status(name: str) -> None:
    points = grid()
    assert optimal(points.where(points["params"] == points.sizes[8]), name).status != "found"


@every
def test_missing_columns_are_a_status(name: str) -> None:
    points = grid()
    bare = replace(points, columns={k: v for k, v in points.columns.items() if k != "flops"})
    frontier = optimal(bare, name)
    assert (frontier.status, frontier.reason) == ("too_few_budgets", "the points have no flops")


@pytest.mark.parametrize("name", [n for n in approaches if n != "parametric"])
@pytest.mark.parametrize("side", ["small", "large"])
def test_sizes_on_one_side_of_the_optimum_are_no_evidence(name: str, side: str) -> None:
    points = grid()
    best = closed_form(TRUTH)[0].predict(points["flops"])
    keep = points["params"] < 0.7 * best if side == "small" else points["params"] > 1.4 * best
    frontier = optimal(points.where(keep), name)
    assert frontier.status in ("at_the_edge", "too_few_budgets", "no_curves")
    assert not any(optimum.inside for optimum in frontier.optima)


@pytest.mark.parametrize("name", ["isoflop_akima", "isoflop_parabola"])
def test_optima_at_the_edge_are_told_and_left_out(name: str) -> None:
    points = grid()
    cut = points.where((points["flops"] > 5e16) | (points["params"] > 5e7))
    whole, less = optimal(points, name), optimal(cut, name)
    edge = [optimum for optimum in less.optima if not optimum.inside]
    assert edge
    assert f"{len(edge)} of {len(less.optima)} optima are at the smallest or largest size" in less.reason
    assert less.flops[0] > max(optimum.flops for optimum in edge)
    assert less.a.value == pytest.approx(whole.a.value, abs=2e-3)


@pytest.mark.parametrize("name", ["isoflop_akima", "isoflop_parabola"])
def test_budgets_close_together_are_no_evidence(name: str) -> None:
    frontier = optimal(grid(budgets=np.array([1e18, 1.5e18, 2e18])), name)
    assert frontier.status == "too_few_budgets"
    assert "4 times apart in compute" in frontier.reason


def test_intervals_of_lucky_redraws_are_not_given() -> None:
    """With four sizes, few redraws keep four of them."""
    points = grid(sizes=np.geomspace(1.2e7, 2.3e8, 4), budgets=BUDGETS[3:7])
    frontier = optimal(points, "isoflop_akima", Options(bootstraps=200))
    assert frontier.status == "found", frontier.reason
    assert frontier.failed > 40
    assert f"no intervals: {frontier.failed} of 200 redraws" in frontier.reason
    assert np.isnan(frontier.a.low)


def test_mixed_ways_to_count_are_refused_unless_allowed() -> None:
    points = grid()
    basis = points["params_basis"].copy()
    basis[:7] = "non-embedding"
    mixed = replace(points, columns={**points.columns, "params_basis": basis})
    with pytest.raises(Misuse, match=r"counted in 2 ways: total \(\d+ points\), non-embedding \(7 points\)"):
        optimal(mixed, "parametric")
    allowed = optimal(mixed, "parametric", Options(allow_mixed=True))
    assert allowed.status == "found"
    assert allowed.params_basis == f"total ({len(points) - 7}), non-embedding (7)"
    assert optimal(points, "parametric").params_basis == "total"


def test_misuse_is_said() -> None:
    with pytest.raises(UnknownName, match="no approach named 'isoflops'"):
        optimal(grid(), "isoflops")
    with pytest.raises(Misuse, match="fewer than 4 of 1 refits; ask for 200 or more"):
        Options(bootstraps=1)
    with pytest.raises(Misuse, match="level is 95"):
        Options(level=95)
    with pytest.raises(Misuse, match="a budget is a positive number of FLOP, not -1"):
        optimal(grid(), "parametric").at(-1)


def test_the_keys_of_the_json() -> None:
    frontier = optimal(grid(), "isoflop_akima", Options(bootstraps=200))
    told = frontier.as_dict([1e20])
    assert set(told["coefficients"]) == {"kN", "a", "kD", "b"}
    assert set(told["coefficients"]["a"]) == {"value", "se", "low", "high"}
    assert (told["draws"], told["flops_basis"]) == (200 - frontier.failed, "6nd")
    assert len(told["budgets"]) == 12
    assert set(told["at"][0]) == {"flops", "params", "tokens", "tokens_per_param", "extrapolation"}
