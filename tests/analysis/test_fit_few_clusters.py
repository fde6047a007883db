"""Whether intervals that allow for whole runs to err together hold what they promise when there are few runs.

Every run has twenty checkpoints that share an error of .3 %, and errors of .1 % of their own. 400 simulations tell a
share of 90 % to within 3 points (two standard errors).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from statsmodels.api import OLS

from scalebook.analysis.engine.clusters import MANY, quantile, student, widening
from scalebook.analysis.estimation import Options, estimate
from scalebook.analysis.fit import Fit, bootstrap, fit, fit_batch, profile
from scalebook.analysis.law import Array, Law, laws
from scalebook.analysis.optimal.approach import optimal
from scalebook.analysis.optimal.frontier import Options as FrontierOptions
from scalebook.analysis.points import Points
from scalebook.analysis.variants import law_named

from .simulated import table  # noqa: TID251 (this folder, not the package)

RUN, CHECKPOINT, CHECKPOINTS = 0.003, 0.001, 20
SIMULATIONS = 400


def design(law: Law, runs: int, rng: np.random.Generator) -> dict[str, Array]:
    """Runs of as many sizes, each followed over the last 98 % of its tokens."""
    params = np.exp(np.linspace(np.log(2e7), np.log(2e10), runs) + rng.uniform(-0.3, 0.3, runs)).repeat(CHECKPOINTS)
    ends = np.exp(rng.uniform(np.log(3e10), np.log(1e12), runs))
    tokens = np.outer(ends, np.geomspace(0.02, 1.0, CHECKPOINTS)).ravel()
    columns = {"params": params, "tokens": tokens, "flops": 6 * params * tokens}
    return {name: columns[name] for name in law.inputs}


def simulated(
    law: Law, runs: int, count: int = SIMULATIONS, seed: int = 0
) -> tuple[list[dict[str, Any]], dict[str, float], Any]:
    """Tables, the coefficients that made them, and the run of every row."""
    rng, run = np.random.default_rng(seed), np.repeat(np.arange(runs), CHECKPOINTS)
    _, truth = table(law, n=150)
    tables = []
    for _ in range(count):
        columns = design(law, runs, rng)
        noise = RUN * rng.normal(size=runs)[run] + CHECKPOINT * rng.normal(size=len(run))
        tables.append({**columns, law.target: law.predict(*columns.values(), **truth) * np.exp(noise)})
    return tables, truth, run


def held(law: Law, runs: int, objective: Any) -> dict[str, float]:
    """Share of 90 % intervals, of those there are, that hold every coefficient, the law and a new run far away."""
    tables, truth, run = simulated(law, runs)
    fits = [f for f in _fits(law, tables, run, objective) if f.status == "converged"]
    assert len(fits) > 0.95 * len(tables)
    at: dict[str, Any] = {name: 3 * float(np.median([t[name] for t in tables])) for name in law.inputs}
    exact = float(law.predict(*at.values(), **truth))
    new = exact * np.exp(np.hypot(RUN, CHECKPOINT) * np.random.default_rng(1).normal(size=len(fits)))
    ends: dict[str, Any] = {
        name: [(f.coefficients[name].low, f.coefficients[name].high, v) for f in fits] for name, v in truth.items()
    }
    ends["the law"] = [(*map(float, f.interval(**at)), exact) for f in fits]
    ends["a new run"] = [(*map(float, f.interval(noise=True, **at)), v) for f, v in zip(fits, new, strict=True)]
    return {
        what: float(np.mean([low <= value <= high for low, high, value in some if np.isfinite(low)]))
        for what, some in ends.items()
    }


def _fits(law: Law, tables: list[dict[str, Array]], run: Array, objective: Any = "lsq-log") -> list[Fit]:
    return fit_batch(law, tables, objective=objective, level=0.9, clusters=[run] * len(tables))


@pytest.mark.parametrize("objective", ["lsq-log", "huber-log"])
@pytest.mark.parametrize("runs", [5, 8, 20])
@pytest.mark.parametrize("name", ["chinchilla", "compute", "kaplan", "multiplicative"])
def test_intervals_hold_by_number_of_runs(name: str, runs: int, objective: Any) -> None:
    """From 8 runs 86 to 94 %, but for some powers of tokens that are held more often; 83 % or more of five runs."""
    shares = held(laws[name], runs, objective)
    least = 0.83 if runs < 8 else 0.85
    assert min(shares.values()) >= least, shares
    assert max(shares.values()) <= 0.985, shares
    assert abs(np.mean([*shares.values()]) - 0.905) < 0.03, shares


def test_what_was_printed_before_held_far_less() -> None:
    """The usual correction for few clusters with quantiles of the normal law, from the fits as they are."""
    law = laws["chinchilla"]
    tables, truth, run = simulated(law, 8, 200)
    shares = []
    for f, t in zip(_fits(law, tables, run), tables, strict=True):
        slopes, residual = _linear(f, t)
        inverse = np.linalg.inv(slopes.T @ slopes)
        score = np.array([slopes[run == g].T @ residual[run == g] for g in range(8)])
        usual = 8 / 7 * 159 / 155 * inverse @ score.T @ score @ inverse
        se = dict(zip(law.coefficients, np.sqrt(np.diag(usual)), strict=True))
        shares.append([abs(f.values[n] - truth[n]) <= 1.645 * se[n] for n in ("alpha", "beta", "E")])
    assert np.mean(shares, axis=0)[0] < 0.8


def _linear(found: Fit, data: dict[str, Array]) -> tuple[Array, Array]:
    """Derivatives of log f in the coefficients, by differences, and residuals."""

    def log(values: dict[str, float]) -> Array:
        logs: Array = np.log(found.law.predict(*(data[name] for name in found.law.inputs), **values))
        return logs

    slopes = []
    for name, value in found.values.items():
        step = 1e-5 * value
        up, down = ({**found.values, name: value + s * step} for s in (1, -1))
        slopes.append((log(up) - log(down)) / (2 * step))
    return np.array(slopes).T, np.log(data[found.law.target]) - log(found.values)


@pytest.fixture(scope="module")
def straight() -> tuple[Fit, Any, Any, Any]:
    """A line through seven unequal clusters, fitted by squares: a linear model."""
    rng, law = np.random.default_rng(5), laws["more_compute"]
    cluster = np.repeat(np.arange(7), [4, 9, 3, 12, 6, 20, 5])
    params, tokens = np.exp(rng.uniform(17, 24, (2, len(cluster))))
    bpc = 1.6 - 0.02 * np.log(params * tokens) + 0.01 * rng.normal(size=7)[cluster] + 0.005 * rng.normal(size=59)
    found = fit(law, {"params": params, "tokens": tokens, "bpc": bpc}, objective="lsq", clusters=cluster)
    return found, np.array([np.log(params * tokens / 1e21), np.ones(59)]).T, bpc, cluster


def test_the_sandwich_of_clusters_is_the_formula(straight: tuple[Fit, Any, Any, Any]) -> None:
    """CR2, its degrees of freedom and prediction by brute force, with the 59 x 59 hat matrix."""
    found, X, y, cluster = straight
    assert found.status == "converged"
    M = np.linalg.inv(X.T @ X)
    left = np.eye(59) - X @ M @ X.T
    rows = []
    for g in range(7):
        here = cluster == g
        size, axes = np.linalg.eigh(left[np.ix_(here, here)])
        weights = np.zeros((2, 59))
        weights[:, here] = M @ X[here].T @ (axes / np.sqrt(size)) @ axes.T
        rows.append(weights)
    order = [list(found.coefficients).index(name) for name in ("a", "b")]
    covariance = sum(np.outer(r @ left @ y, r @ left @ y) for r in rows)
    np.testing.assert_allclose(found.covariance[np.ix_(order, order)], covariance, rtol=1e-6)
    place = X[3]
    for contrast, told in (
        (np.array([1.0, 0.0]), found.degrees_of_freedom["a"]),
        (np.array([0.0, 1.0]), found.degrees_of_freedom["b"]),
        (place, float(found.degrees(place[np.argsort(order)]))),
    ):
        parts = np.array([contrast @ r @ left for r in rows])
        between = parts @ parts.T
        assert told == pytest.approx(np.trace(between) ** 2 / np.sum(between**2), rel=1e-6)
    spread = np.sqrt(place @ covariance @ place)
    inputs: dict[str, Any] = {"params": float(1e9 * np.exp(place[0])), "tokens": 1e12}
    assert float(found.deviation(**inputs)) == pytest.approx(spread, rel=1e-6)
    low, high = found.interval(level=0.8, **inputs)
    assert float(high - low) == pytest.approx(2 * spread * quantile(0.8, told), rel=1e-6)


def test_the_sandwich_is_narrower_than_leaving_out_clusters_one_by_one(
    straight: tuple[Fit, Any, Any, Any],
) -> None:
    """The true jackknife is "CR3", which is too wide as often as the usual "CR1" of statsmodels is too narrow."""
    found, X, y, cluster = straight
    usual = OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": cluster}).bse
    left_out = np.array([OLS(y[cluster != g], X[cluster != g]).fit().params for g in range(7)])
    jackknife = np.sqrt(np.sum((left_out - OLS(y, X).fit().params) ** 2, axis=0))
    for k, name in enumerate(("a", "b")):
        assert found.coefficients[name].se < jackknife[k], name
        assert found.coefficients[name].se == pytest.approx(usual[k], rel=0.25), name


def test_very_many_clusters_are_the_usual_sandwich() -> None:
    rng, law, n = np.random.default_rng(5), laws["more_compute"], 2 * MANY
    params, tokens = np.exp(rng.uniform(17, 24, (2, n)))
    bpc = 1.6 - 0.02 * np.log(params * tokens) + 0.01 * rng.normal(size=n)
    labels = rng.permutation(n) // 2
    data = {"params": params, "tokens": tokens, "bpc": bpc}
    found = fit(law, {**data}, objective="lsq", clusters=[f"run {k}" for k in rng.permutation(n)])
    two = fit(law, data, objective="lsq", clusters=labels * 2)
    X = np.array([np.log(params * tokens / 1e21), np.ones(n)]).T
    for f, groups in ((found, np.arange(n)), (two, labels)):
        usual = OLS(bpc, X).fit(cov_type="cluster", cov_kwds={"groups": groups}).bse
        assert [f.coefficients[name].se for name in ("a", "b")] == pytest.approx(usual.tolist(), rel=1e-6)
    assert found.freedom is None
    assert found.interval_by.startswith("CR1")


def test_below_four_runs_there_are_no_intervals_and_it_is_said() -> None:
    tables, _, run = simulated(laws["chinchilla"], 3, 1)
    (found,) = _fits(laws["chinchilla"], tables, run)
    assert found.status == "converged"
    assert found.clusters == 3
    assert found.warnings == ("no intervals: 3 clusters do not tell how much clusters vary; 4 may",)
    assert np.isnan([(e.se, e.low, e.high) for e in found.coefficients.values()]).all()
    assert np.isnan(found.interval(params=1e9, tokens=1e10)).all()
    assert np.isnan(found.deviation(params=1e9, tokens=1e10))
    said = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert said["clusters"] == 3
    assert set(said["degrees_of_freedom"].values()) == {None}
    one = fit(laws["chinchilla"], tables[0], clusters=np.zeros(len(run)))
    assert np.isnan(one.coefficients["alpha"].se)
    with pytest.raises(Exception, match="alpha has no standard error"):
        profile(tables[0], one, "alpha")


def test_what_one_run_alone_knows_has_no_interval() -> None:
    """All runs but one have the same size: without that one the power of size is open, but not the term of tokens."""
    law = laws["chinchilla"]
    tables, truth, run = simulated(law, 6, 1)
    data = {**tables[0], "params": np.where(run == 0, 3e9, 1e8) * (1 + 0.001 * run)}
    rng = np.random.default_rng(2)
    exact = law.predict(data["params"], data["tokens"], **truth)
    data["loss"] = exact * np.exp(CHECKPOINT * rng.normal(size=len(run)))
    found = fit(law.constrain(E=truth["E"], beta=truth["beta"]), data, objective="lsq-log", clusters=run)
    assert found.status == "converged", found.reason
    assert found.warnings == ("no interval for A, alpha: some of it is known from a single cluster alone",)
    assert np.isnan(found.coefficients["alpha"].se)
    assert found.coefficients["B"].low < truth["B"] < found.coefficients["B"].high


def test_company_does_not_matter_to_clusters() -> None:
    """Tables with more clusters, fewer or none in one batch: the same to the last bit."""
    law, made = laws["compute"], [simulated(laws["compute"], runs, 1) for runs in (4, 6, 9, 30)]
    tables, labels = [t[0] for t, _, _ in made], [run for _, _, run in made]
    together = fit_batch(law, [*tables, *tables], clusters=[*labels, *[None] * 4])
    for k, one in enumerate(together):
        alone = fit(law, tables[k % 4], clusters=[*labels, *[None] * 4][k])
        assert np.array_equal(one.covariance, alone.covariance)
        assert one.degrees_of_freedom == alone.degrees_of_freedom
        assert one.clusters == (None if k > 3 else len(set(labels[k])))


def test_a_fit_says_what_its_intervals_rest_on() -> None:
    tables, _, run = simulated(laws["compute"], 6, 1)
    clustered = fit(laws["compute"], tables[0], clusters=run).as_dict()
    assert clustered["clusters"] == 6
    assert all(1 <= d <= 6 for d in clustered["degrees_of_freedom"].values())
    assert clustered["interval"].startswith("CR2 sandwich of clusters, Student's t")
    plain = fit(laws["compute"], tables[0]).as_dict()
    assert (plain["clusters"], plain["degrees_of_freedom"]) == (None, None)
    assert plain["interval"] == "HC3 sandwich of independent points, normal quantiles"
    assert fit(laws["last_seen"], tables[0] | {"loss": tables[0]["loss"]}).as_dict()["interval"] == "none"


def test_a_deviation_is_the_half_width_of_an_interval() -> None:
    tables, _, _ = simulated(laws["chinchilla"], 6, 1)
    found = fit(laws["chinchilla"], tables[0])
    at: dict[str, Any] = {"params": 1e10, "tokens": np.array([1e10, 1e11])}
    low, high = found.interval(level=0.9, noise=True, **at)
    np.testing.assert_allclose(np.log(high / low) / 2 / 1.6448536, found.deviation(noise=True, **at), rtol=1e-6)


def test_a_held_coefficient_is_sure_whatever_the_clusters() -> None:
    tables, truth, run = simulated(laws["chinchilla"], 6, 1)
    law = law_named(f"chinchilla[E={truth['E']!r}]")
    found = fit(law, tables[0], clusters=run)
    assert found.coefficients["E"].se == 0.0
    assert found.coefficients["E"].low == found.coefficients["E"].high == truth["E"]


def test_a_bootstrap_of_three_runs_gives_no_intervals_either() -> None:
    tables, _, run = simulated(laws["chinchilla"], 3, 1)
    (found,) = _fits(laws["chinchilla"], tables, run)
    drawn = bootstrap(laws["chinchilla"], tables[0], found, 200, clusters=run)
    assert drawn.clusters == 3
    assert np.isnan([*drawn.se().values()]).all()
    assert np.isnan([*drawn.interval(0.9).values()]).all()
    points = as_points(tables[0], run)
    told = estimate(points, "chinchilla", Options(bootstraps=200)).fit
    assert told.warnings == ("no intervals: 3 clusters do not tell how much clusters vary; 4 may",)
    assert told.interval_by.startswith("CR2")
    assert np.isnan([(e.se, e.low, e.high) for e in told.coefficients.values()]).all()
    frontier = optimal(points, "parametric", FrontierOptions(bootstraps=200))
    assert frontier.status == "found"
    assert "no intervals: 3 clusters" in frontier.reason
    assert np.isnan([frontier.a.se, frontier.a.low, frontier.at(1e22).params.low]).all()


def test_of_four_runs_intervals_of_coefficients_stay_the_sandwich() -> None:
    tables, _, run = simulated(laws["chinchilla"], 4, 1)
    points = as_points(tables[0], run)
    told, plain = (estimate(points, "chinchilla", Options(bootstraps=n)).fit for n in (200, 0))
    assert told.coefficients == plain.coefficients
    assert told.warnings == (
        "intervals are the sandwich's and not of refits: redraws of 4 clusters hold too few of them; those of 5 may do",
    )


def test_refits_of_few_runs_are_moved_out() -> None:
    tables, _, run = simulated(laws["chinchilla"], 5, 1)
    found = fit(laws["chinchilla"], tables[0], clusters=run)
    drawn = bootstrap(laws["chinchilla"], tables[0], found, 400, clusters=run)
    plain = np.quantile(drawn.values[drawn.converged], [0.05, 0.95], axis=0)
    by = widening(0.9, 5)
    assert by == pytest.approx(2.131847 / 1.644854 * np.sqrt(5 / 4), rel=1e-6)
    wide = drawn.interval(0.9)
    for k, (name, value) in enumerate(found.values.items()):
        turn = np.log if name in ("A", "B") else np.asarray
        assert turn(wide[name]) - turn(value) == pytest.approx(by * (turn(plain[:, k]) - turn(value)), rel=1e-6)
    points = as_points(tables[0], run)
    told = estimate(points, "chinchilla", Options(bootstraps=400, level=0.9))
    assert told.fit.interval_by.endswith("of 400 bootstrap refits, moved out 1.45 times as few clusters ask for")
    assert told.as_dict()["degrees_of_freedom"] is None
    assert told.fit.refits == 400
    size = optimal(points, "parametric", FrontierOptions(bootstraps=400, level=0.9)).params
    slopes = np.quantile(size.draws[:, 1], [0.05, 0.95])
    assert [size.exponent.low, size.exponent.high] == pytest.approx((size.slope + by * (slopes - size.slope)).tolist())
    for given in (size.interval(1e22), (size.at(1e22).low, size.at(1e22).high)):
        away = np.log(1e22) - size.centre
        ends = np.quantile(size.draws @ [1, away], [0.05, 0.95])
        centre = size.height + size.slope * away
        assert np.log(given) == pytest.approx(centre + by * (ends - centre), rel=1e-9)


@pytest.mark.parametrize("runs", [5, 8])
def test_widened_percentiles_hold_where_plain_ones_do_not(runs: int) -> None:
    """90 % intervals; 100 simulations tell a share to within 6 points, over five coefficients less than that."""
    law = laws["chinchilla"]
    tables, truth, run = simulated(law, runs, 100, seed=2)
    held: list[Any] = []
    for data, found in zip(tables, _fits(law, tables, run, "huber-log"), strict=True):
        if found.status == "converged":
            drawn = bootstrap(law, data, found, 200, clusters=run)
            held.append([low <= truth[name] <= high for name, (low, high) in drawn.interval(0.9).items()])
    shares = np.mean(held, axis=0)
    assert shares.min() > 0.85, shares


def as_points(data: dict[str, Any], run: Any) -> Points:
    """A table of `simulated` as points of a family."""
    names = np.array([f"run {k}" for k in run], object)
    return Points("made", {**data, "run": names, "flops": 6 * data["params"] * data["tokens"]})


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 8, 19, 120, 121])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_whole_degrees_of_freedom_need_no_scipy(level: float, degrees: int) -> None:
    assert student(level, degrees) == pytest.approx(float(quantile(level, degrees)), rel=1e-9)
