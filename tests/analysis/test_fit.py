"""What a fit says when the data are not good enough, and what it refuses."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.analysis.engine.data import read
from scalebook.analysis.engine.resampling import draw_counts, draw_signs
from scalebook.analysis.fit import Bootstrap, bootstrap, fit, fit_batch, fit_stream, profile
from scalebook.analysis.law import laws
from scalebook.analysis.variants import law_named
from scalebook.corpus.errors import Misuse

from .simulated import table  # noqa: TID251 (this folder, not the package)

CHINCHILLA = laws["chinchilla"]
GOOD, TRUTH = table(CHINCHILLA, n=80, noise=0.003)


def changed(**columns: Any) -> dict[str, Any]:
    return {**GOOD, **columns}


def poisoned(column: str, value: float) -> dict[str, Any]:
    bad = GOOD[column].copy()
    bad[[3, 7]] = value
    return changed(**{column: bad})


@pytest.mark.parametrize("column", ["params", "tokens", "loss"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_bad_numbers_are_counted_and_placed(column: str, value: float) -> None:
    with pytest.raises(Misuse, match=f"'{column}' has 2 of 80 values .*the first is {value} in row 3"):
        fit(CHINCHILLA, poisoned(column, value))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({"param": GOOD["params"], "tokens": GOOD["tokens"], "loss": GOOD["loss"]}, {}, "no column 'params'; did you"),
        (changed(loss=GOOD["loss"][:-1]), {}, "differ in length: params 80, tokens 80, loss 79"),
        (changed(loss=["low"] * 80), {}, "'loss' is not numeric"),
        (changed(loss=np.ones((80, 1))), {}, r"one dimension, it has shape \(80, 1\)"),
        (GOOD, {"weights": np.ones(3)}, "weights 3"),
        (GOOD, {"weights": np.full(80, -1.0)}, "weights must be finite and not negative"),
        (GOOD, {"clusters": ["a"]}, "clusters 1"),
        (GOOD, {"objective": "hubber"}, "no objective named 'hubber'; did you mean 'huber'"),
        (GOOD, {"delta": 0.0}, "delta is 0.0; it must be positive"),
        (GOOD, {"starts": 0}, "starts is 0; it must be a whole number, at least 1"),
        (GOOD, {"level": 95}, "level is 95; it must be between 0 and 1"),
    ],
)
def test_misuse_is_explained(data: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Misuse, match=message):
        fit(CHINCHILLA, data, **options)


def test_a_bad_table_of_a_batch_is_numbered() -> None:
    good, bad = fit_batch(CHINCHILLA, [GOOD, poisoned("loss", np.nan)])
    assert good.status == "converged"
    assert bad.status == "bad_input"
    assert bad.reason.startswith("column 'loss' has 2 of 80 values")
    with pytest.raises(Misuse, match="problem 1: no column 'loss'"):
        fit_batch(CHINCHILLA, [GOOD, {name: GOOD[name] for name in ("params", "tokens")}])
    with pytest.raises(Misuse, match="weights are given for 1 of 2 problems"):
        fit_batch(CHINCHILLA, [GOOD, GOOD], weights=[np.ones(80)])


@pytest.mark.parametrize(
    ("column", "factor", "says"),
    [("params", 1e-9, "billions"), ("tokens", 1e-9, "billions"), ("loss", 20.0, "perplexity")],
)
def test_a_column_in_another_unit_is_suspected(column: str, factor: float, says: str) -> None:
    result = fit(CHINCHILLA, changed(**{column: GOOD[column] * factor}))
    assert len(result.warnings) == 1
    assert f"'{column}'" in result.warnings[0]
    assert says in result.warnings[0]
    assert fit(CHINCHILLA, GOOD).warnings == ()


def rows(pick: Any) -> dict[str, Any]:
    return {name: column[pick] for name, column in GOOD.items()}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (rows([]), "0 points for 5 coefficients; at least 6 are needed"),
        (rows([0]), "1 points for 5 coefficients"),
        (rows(slice(5)), "5 points for 5 coefficients"),
        (rows([0] * 9), "1 distinct points for 5 coefficients"),
    ],
)
def test_too_few_points_is_a_row(data: Any, reason: str) -> None:
    result = fit(CHINCHILLA, data)
    assert result.status == "too_few_points"
    assert reason in result.reason
    assert all(np.isnan(e.value) for e in result.coefficients.values())
    assert np.isnan(result.predict(params=1e9, tokens=1e10))


def two_sizes() -> dict[str, Any]:
    params = np.where(np.arange(80) % 2, 1e8, 1e9)
    return changed(params=params, loss=CHINCHILLA.predict(params, GOOD["tokens"], **TRUTH))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (two_sizes(), "A, alpha (params takes 2 values only)"),
        (changed(params=np.full(80, 1e9)), "alpha (params takes 1 value only)"),
        (changed(tokens=20 * GOOD["params"]), "(params and tokens move together)"),
        (changed(loss=np.full(80, 2.5)), "flat along"),
    ],
    ids=["two sizes", "one size", "tokens follow params", "constant loss"],
)
def test_a_flat_direction_is_named(data: Any, named: str) -> None:
    result = fit(CHINCHILLA, data)
    assert result.status == "not_identified"
    assert named in result.reason
    assert all(np.isnan(e.se) for e in result.coefficients.values())
    assert np.isfinite(result.values["E"])
    assert np.isnan(result.interval(params=1e9, tokens=1e10)).all()


def test_a_coefficient_at_its_bound_is_reported() -> None:
    loss = CHINCHILLA.predict(GOOD["params"], GOOD["tokens"], **{**TRUTH, "E": 0.0})
    result = fit(CHINCHILLA, changed(loss=loss - 0.5 * loss.min() * 0.1))
    assert result.status == "converged"
    assert result.at_bound == ("E",)
    assert result.values["E"] == 0.0
    assert np.isnan(result.coefficients["E"].se)
    assert result.coefficients["alpha"].se > 0


def test_duplicated_rows_change_the_value_and_nothing_else() -> None:
    once, twice = fit(CHINCHILLA, GOOD), fit(CHINCHILLA, rows(np.tile(np.arange(80), 2)))
    weighted = fit(CHINCHILLA, GOOD, weights=np.full(80, 2.0))
    for other in (twice, weighted):
        assert other.value == pytest.approx(2 * once.value, rel=1e-10)
        assert other.values == pytest.approx(once.values, rel=1e-6)


def test_rows_of_no_weight_are_as_if_absent() -> None:
    weights = np.where(np.arange(80) < 60, 1.0, 0.0)
    part, whole = fit(CHINCHILLA, rows(slice(60))), fit(CHINCHILLA, GOOD, weights=weights)
    assert whole.n_points == 60
    assert whole.values == pytest.approx(part.values, rel=1e-6)
    assert whole.coefficients["alpha"].se == pytest.approx(part.coefficients["alpha"].se, rel=1e-4)


def test_a_batch_gives_what_single_fits_give() -> None:
    tables = [table(CHINCHILLA, n=n, seed=n, noise=0.004)[0] for n in (6, 12, 40, 41, 130, 400, 1500)]
    tables.insert(3, rows(slice(3)))
    together = fit_batch(CHINCHILLA, tables)
    assert together[3].status == "too_few_points"
    for data, one in zip(tables, together, strict=True):
        alone = fit(CHINCHILLA, data)
        assert alone.status == one.status
        if one.status == "converged":
            assert one.value == pytest.approx(alone.value, rel=1e-9)
            assert one.values == pytest.approx(alone.values, rel=1e-4)
            assert one.condition == pytest.approx(alone.condition, rel=1e-3)


@pytest.mark.parametrize("objective", ["huber-log", "lsq"])
@pytest.mark.parametrize("noise", [0.0, 0.003])
def test_a_long_table_is_fitted_in_bounded_memory(objective: Any, noise: float) -> None:
    """2e5 points; the benchmark takes 1e6. What rounding leaves of a noiseless curve grows with their number."""
    columns, truth = table(CHINCHILLA, n=200_000, noise=noise)
    tracemalloc.start()
    result = fit(CHINCHILLA, columns, objective=objective)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.status == "converged", result.reason
    assert result.values == pytest.approx(truth, rel=0.01 if noise else 1e-9)
    assert peak < 500 * 200_000


def test_terms_that_may_change_places_are_not_identified() -> None:
    tokens = 20 * GOOD["params"]
    loss = CHINCHILLA.predict(GOOD["params"], tokens, **TRUTH)
    result = fit(CHINCHILLA, changed(tokens=tokens, loss=loss))
    assert result.status == "not_identified"


def test_a_batch_does_not_depend_on_the_number_of_processes() -> None:
    tables = [table(CHINCHILLA, n=30, seed=k, noise=0.004)[0] for k in range(8)]
    one, two = fit_batch(CHINCHILLA, tables), fit_batch(CHINCHILLA, tables, jobs=2)
    assert [f.values for f in one] == [f.values for f in two]
    assert fit_batch(CHINCHILLA, []) == []


def test_a_stream_reads_no_further_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    import scalebook.analysis.engine.batch as batch

    monkeypatch.setattr(batch, "PROBLEMS", 3)
    tables = [table(CHINCHILLA, n=30, seed=k, noise=0.004)[0] for k in range(10)]
    tables[4] = poisoned("loss", np.nan)
    read = []

    def made() -> Iterator[dict[str, Any]]:
        for k, columns in enumerate(tables):
            read.append(k)
            yield columns

    stream = fit_stream(CHINCHILLA, made(), clusters=(None for _ in tables))
    first = next(stream)
    assert read == [0, 1, 2]
    found = [first, *stream]
    assert [f.values for f in found[:4]] == [f.values for f in fit_batch(CHINCHILLA, tables[:4])]
    assert [f.status for f in found] == ["converged"] * 4 + ["bad_input"] + ["converged"] * 5
    assert [f.status for f in fit_batch(laws["best_seen"], iter(tables[:4]))] == ["converged"] * 4


def test_a_stream_counts_what_comes_with_its_tables() -> None:
    with pytest.raises(Misuse, match="weights are given for 1 of 2 problems"):
        fit_stream(CHINCHILLA, [GOOD, GOOD], weights=[np.ones(80)])
    with pytest.raises(Misuse, match="there are not as many clusters as problems"):
        list(fit_stream(CHINCHILLA, iter([GOOD, GOOD]), clusters=[np.arange(80)]))
    with pytest.raises(Misuse, match="no objective named 'hubber'"):
        fit_stream(CHINCHILLA, [GOOD], objective="hubber")  # type: ignore[arg-type]


def test_a_stream_of_many_tables_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import scalebook.analysis.engine.batch as batch

    monkeypatch.setattr(batch, "PROBLEMS", 50)

    def peak(count: int) -> int:
        made = (table(laws["compute"], n=200, seed=k, noise=0.004)[0] for k in range(count))
        tracemalloc.start()
        assert all(f.status == "converged" for f in fit_stream(laws["compute"], made, starts=2))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(400) < 1.3 * peak(100)


def test_clusters_widen_the_errors() -> None:
    """Every row five times: five times the data by rows, no more than before by clusters."""
    many = rows(np.repeat(np.arange(80), 5))
    plain, honest = fit(CHINCHILLA, many), fit(CHINCHILLA, many, clusters=np.repeat(np.arange(80), 5))
    once = fit(CHINCHILLA, GOOD, clusters=[f"run {k}" for k in range(80)])
    for name in TRUTH:
        assert honest.coefficients[name].se > 1.8 * plain.coefficients[name].se
        assert honest.coefficients[name].se == pytest.approx(once.coefficients[name].se, rel=0.3)


def test_a_bootstrap_by_cluster_draws_clusters() -> None:
    many, labels = rows(np.repeat(np.arange(80), 5)), np.repeat(np.arange(80), 5)
    result = fit(CHINCHILLA, many, objective="lsq-log")
    plain = bootstrap(CHINCHILLA, many, result, 200)
    honest = bootstrap(CHINCHILLA, many, result, 200, clusters=labels)
    assert honest.se()["alpha"] > 1.6 * plain.se()["alpha"]


def test_a_bootstrap_starts_from_a_fit_of_its_law() -> None:
    with pytest.raises(Misuse, match="a bootstrap of chinchilla starts from its fit, not from one of best_seen"):
        bootstrap(CHINCHILLA, GOOD, fit(laws["best_seen"], GOOD))
    with pytest.raises(Misuse, match="no coefficients to start from: 3 points"):
        bootstrap(CHINCHILLA, GOOD, fit(CHINCHILLA, rows(slice(3))))


def test_a_bootstrap_starts_from_a_fit_that_converged() -> None:
    open_ = changed(params=np.where(np.arange(80) % 2, 1e8, 1e8 * (1 + 1e-9)))
    result = fit(CHINCHILLA, open_)
    assert result.status == "not_identified"
    with pytest.raises(
        Misuse, match=r"the fit is not identified \(.*\), and refits .*: leave the bootstrap out, or give"
    ):
        bootstrap(CHINCHILLA, open_, result, 20)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_batch(CHINCHILLA, [GOOD], jobs=-3), "jobs is -3; it must be a whole number, at least 1"),
        (lambda: fit_batch(CHINCHILLA, [GOOD], jobs=0), "jobs is 0; it must be a whole number, at least 1"),
        (lambda: fit_stream(CHINCHILLA, [GOOD], jobs=0), "jobs is 0; it must be a whole number, at least 1"),
        (lambda: drawn(n=0), "n is 0; it must be a whole number, at least 2"),
        (lambda: drawn(n=-1), "n is -1; it must be a whole number, at least 2"),
        (lambda: drawn(n=1).se(), "n is 1; it must be a whole number, at least 2"),
        (lambda: drawn(seed=-1), "seed is -1; it must be a whole number, at least 0"),
        (lambda: drawn(jobs=0), "jobs is 0; it must be a whole number, at least 1"),
        (lambda: drawn(n=20).interval(), "lie fewer than 4 of 20 refits; ask for 200 or more"),
        (lambda: drawn(n=20).interval(2), "level is 2; it must be between 0 and 1"),
        (lambda: replace(drawn(n=2), converged=np.zeros(2, bool)).se(), "an error takes two refits .* of 2 0 did"),
        (lambda: fit(CHINCHILLA, GOOD, seed=-1), "seed is -1; it must be a whole number, at least 0"),
        (lambda: fit(CHINCHILLA, GOOD, **bad(starts="8")), "starts is '8'; it must be a whole number, at least 1"),
        (lambda: fit(CHINCHILLA, GOOD, **bad(starts=1.5)), "starts is 1.5; it must be a whole number, at least 1"),
        (lambda: fit(CHINCHILLA, GOOD, **bad(level="high")), "level is 'high'; it must be between 0 and 1"),
        (lambda: fit(CHINCHILLA, GOOD, **bad(delta="low")), "delta is 'low'; it must be positive"),
        (
            lambda: fit(**bad(law="chinchilla", data=GOOD)),
            r"no law: give scalebook.analysis.law.laws\['chinchilla'\]",
        ),
        (lambda: fit(**bad(law=None, data=GOOD)), r'None is no law: give scalebook.analysis.law.laws\["chinchilla"\]'),
        (lambda: fit(CHINCHILLA, GOOD).interval(params=1e9, tokens=1e10, level=2), "level is 2; it must be between"),
    ],
)
def test_numbers_that_cannot_be_are_named(call: Any, words: str) -> None:
    with pytest.raises(Misuse, match=words):
        call()


def bad(**options: Any) -> dict[str, Any]:
    """Options that a type checker would refuse."""
    return options


def drawn(**options: Any) -> Bootstrap:
    """A bootstrap of the good table."""
    return bootstrap(CHINCHILLA, GOOD, fit(CHINCHILLA, GOOD), **options)


def test_predictions_have_the_shape_of_their_inputs() -> None:
    result = fit(CHINCHILLA, GOOD)
    assert result.predict(params=1e9, tokens=[1e10, 1e11]).shape == (2,)
    low, high = result.interval(params=1e9, tokens=[1e10, 1e11])
    wide_low, wide_high = result.interval(params=1e9, tokens=[1e10, 1e11], noise=True)
    centre = result.predict(params=1e9, tokens=[1e10, 1e11])
    assert np.all((wide_low < low) & (low < centre) & (centre < high) & (high < wide_high))
    with pytest.raises(Misuse, match="predicts from params, tokens; missing: tokens"):
        result.predict(params=1e9)
    baseline = fit(laws["best_seen"], GOOD)
    assert baseline.predict(params=np.ones(3), tokens=1.0) == pytest.approx(GOOD["loss"].min())


def test_a_fit_is_frozen_and_turns_into_plain_data() -> None:
    result = fit(CHINCHILLA, GOOD)
    with pytest.raises(FrozenInstanceError):
        result.value = 0.0  # type: ignore[misc]
    plain = result.as_dict()
    assert plain["law"] == "chinchilla"
    assert plain["coefficients"]["alpha"].keys() == {"value", "se", "low", "high"}
    assert fit(CHINCHILLA, rows(slice(2))).as_dict()["value"] is None


def test_coefficients_held_or_tied_are_data() -> None:
    result = fit(CHINCHILLA.constrain(beta="alpha", E=TRUTH["E"]), GOOD)
    assert result.status == "converged"
    assert result.law.name == f"chinchilla[beta=alpha,E={TRUTH['E']}]"
    assert result.values["beta"] == result.values["alpha"]
    assert result.values["E"] == TRUTH["E"]
    assert result.coefficients["E"].se == 0.0
    borrowed = fit(CHINCHILLA.constrain(A=TRUTH["A"], alpha=TRUTH["alpha"]), GOOD)
    assert borrowed.values["A"] == TRUTH["A"]
    assert borrowed.values["beta"] == pytest.approx(TRUTH["beta"], rel=0.05)
    with pytest.raises(Misuse, match="no coefficient named 'gamma'"):
        CHINCHILLA.constrain(gamma=1.0)
    with pytest.raises(Misuse, match="they change with the units"):
        CHINCHILLA.constrain(A="B")
    with pytest.raises(Misuse, match="constrained itself"):
        CHINCHILLA.constrain(alpha=0.3, beta="alpha")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chinchilla[A=nan]", "A cannot be held at nan: it must be a finite number, 0 or more"),
        ("chinchilla[A=1e400]", "A cannot be held at inf: it must be a finite number"),
        ("chinchilla[alpha=inf]", "alpha cannot be held at inf: it must be a number from 0 to 3"),
        ("chinchilla[A=-4]", "A cannot be held at -4: it must be a finite number, 0 or more"),
        ("chinchilla[alpha=7]", "alpha cannot be held at 7: it must be a number from 0 to 3"),
        ("chinchilla[alpha=-1]", "alpha cannot be held at -1: it must be a number from 0 to 3"),
        ("kaplan[N_c=0]", "N_c cannot be held at 0: it must be a finite number, above 0"),
        ("more_compute[a=1]", "a cannot be held at 1: it must be at most 0"),
        (
            "chinchilla[beta=alpha,beta=.3]",
            r"beta is constrained twice in 'chinchilla\[beta=alpha,beta=.3\]'; say it once",
        ),
        ("chinchilla[alpha=E]", "alpha cannot be tied to E: their units differ, a pure number and nats/token; tie it"),
        ("chinchilla_ties[a=b]", "a cannot be tied to b, which may leave its range: a must be a number from 0 to 60"),
        ("best_seen[level=3]", "best_seen is read off the data and takes no constraints: leave out the brackets"),
    ],
)
def test_a_constraint_that_cannot_be_kept_is_refused(name: str, message: str) -> None:
    with pytest.raises(Misuse, match=message):
        law_named(name)


@pytest.mark.parametrize(
    "name", ["kaplan[a_N=0.001]", "multiplicative[E=0]", "chinchilla[beta=alpha]", "chinchilla[A=0.0,alpha=1.0]"]
)
def test_constraints_in_use_stay_allowed(name: str) -> None:
    assert law_named(name).constraints


@pytest.mark.parametrize("objective", ["huber-log", "lsq", "lad-log", "likelihood"])
def test_a_law_that_is_given_whole_is_evaluated(objective: Any) -> None:
    result = fit(CHINCHILLA.constrain(**TRUTH), GOOD, objective=objective)
    free = fit(CHINCHILLA, GOOD, objective=objective)
    assert (result.status, result.starts, result.starts_agreeing) == ("converged", 0, 0)
    assert result.values == TRUTH
    assert np.isnan([e.low for e in result.coefficients.values()]).all()
    assert result.interval_by == "none: every coefficient is given"
    assert free.value < result.value < free.value + 0.3 * abs(free.value)
    assert result.noise == pytest.approx(free.noise, rel=0.2)
    with pytest.raises(Misuse, match=r"all coefficients of .* are given: there is nothing to fit again"):
        bootstrap(result.law, GOOD, result, 10)
    far = fit(CHINCHILLA.constrain(**TRUTH | {"E": 0.0, "A": 0.0, "B": 0.0}), GOOD, objective=objective)
    if objective != "lsq":
        assert (far.status, far.reason) == ("did_not_converge", "with these coefficients the objective is not finite")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(30, 250))
def test_never_worse_than_the_truth(seed: int, n: int) -> None:
    data, truth = table(CHINCHILLA, n=n, seed=seed, noise=0.005)
    result = fit(CHINCHILLA, data)
    r = np.log(data["loss"] / CHINCHILLA.predict(data["params"], data["tokens"], **truth))
    psi = np.clip(r, -1e-3, 1e-3)
    assert result.value <= (psi * (r - psi / 2)).sum() * (1 + 1e-12)
    assert result.starts_agreeing >= 2


def test_a_wild_bootstrap_agrees_with_the_sandwich() -> None:
    result = fit(CHINCHILLA, GOOD, objective="lsq-log")
    wild = bootstrap(CHINCHILLA, GOOD, result, 400, how="wild")
    again = bootstrap(CHINCHILLA, GOOD, result, 400, how="wild", jobs=2)
    assert np.array_equal(wild.values, again.values)
    for name in ("E", "alpha", "beta"):
        assert wild.se()[name] == pytest.approx(result.coefficients[name].se, rel=0.3), name
    many, labels = rows(np.repeat(np.arange(80), 5)), np.repeat(np.arange(80), 5)
    fivefold = fit(CHINCHILLA, many, objective="lsq-log")
    honest = bootstrap(CHINCHILLA, many, fivefold, 400, how="wild", clusters=labels)
    assert honest.se()["alpha"] == pytest.approx(wild.se()["alpha"], rel=0.15)
    with pytest.raises(Misuse, match="no way to resample named 'wilt'; did you mean 'wild'"):
        bootstrap(CHINCHILLA, GOOD, result, 5, how="wilt")  # type: ignore[arg-type]


def test_a_profile_is_the_sandwich_where_the_objective_is_a_parabola() -> None:
    result = fit(CHINCHILLA, GOOD, objective="lsq-log")
    for name in ("alpha", "beta", "B"):
        low, high = profile(GOOD, result, name)
        e = result.coefficients[name]
        assert low == pytest.approx(e.low, abs=0.35 * (e.high - e.low))
        assert high == pytest.approx(e.high, abs=0.35 * (e.high - e.low))
        assert low < e.value < high
    with pytest.raises(Misuse, match="no coefficient named 'gamma'"):
        profile(GOOD, result, "gamma")


def test_what_is_drawn_lies_in_memory_by_resample() -> None:
    table = read(laws["compute"], {"flops": np.geomspace(1e18, 1e22, 9), "loss": np.ones(9)}, None, np.arange(9) // 3)
    for drawn in (draw_counts(table, 4, [0, 0]), draw_signs(table, 4, [0, 0])):
        assert drawn.flags.c_contiguous  # else a step on 10,000 points takes a third longer
        assert (drawn.reshape(4, 3, 3).std(axis=2) == 0).all()


@pytest.mark.parametrize(
    ("row", "warned"),
    [
        ({"params": 1.3}, "the least value of 'params' is 1.3, the largest"),
        ({"tokens": 300.0}, "the least value of 'tokens' is 300, the largest"),
        ({}, ""),
    ],
)
def test_a_row_in_another_unit_is_noticed(row: dict[str, float], warned: str) -> None:
    data = {name: np.array(column) for name, column in GOOD.items()}
    for name, value in row.items():
        data[name][0] = value
    told = " ".join(fit(CHINCHILLA, data).warnings)
    assert warned in told if warned else "least value" not in told


def test_masked_values_are_not_known_and_complex_ones_no_numbers() -> None:
    masked = np.ma.masked_array(GOOD["loss"], mask=np.arange(len(GOOD["loss"])) == 2)
    with pytest.raises(Misuse, match=r"'loss' has 1 of .* not finite and positive \(the first is nan in row 2\)"):
        fit(CHINCHILLA, {**GOOD, "loss": masked})
    with pytest.raises(Misuse, match="column 'loss' is not numeric"):
        fit(CHINCHILLA, {**GOOD, "loss": GOOD["loss"] + 0j})
