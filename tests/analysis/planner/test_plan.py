"""Plans: published numbers, what limited data cost, intervals, and what cannot be planned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebook.analysis.engine.clusters import widening
from scalebook.analysis.law import laws
from scalebook.analysis.planner.answer import Answer
from scalebook.analysis.planner.coefficients import Coefficients, Powers, Reach
from scalebook.analysis.planner.front import plan
from scalebook.analysis.planner.literature import plannable, published_coefficients
from scalebook.analysis.planner.plan import plan as planned
from scalebook.analysis.planner.repeats import effective
from scalebook.analysis.planner.request import Clock, Request
from scalebook.analysis.planner.tables import iso_cost, iso_loss, least_params
from scalebook.analysis.points import Points
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, ScalebookError, UnknownName

TRUTH = {"E": 1.8, "A": 300.0, "B": 2000.0, "alpha": 0.33, "beta": 0.36}


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with open_corpus(own_runs=False) as opened:
        yield opened


def source(**more: Any) -> Coefficients:
    return Coefficients("truth", "made up", laws["chinchilla"], TRUTH, **more)


def sweep(scatter: float = 0.002, sizes: int = 6) -> Points:
    """Runs of a law, with scatter."""
    rng = np.random.default_rng(3)
    params = np.repeat(np.geomspace(3e7, 1e9, sizes), 4)
    tokens = params * np.tile([10.0, 20.0, 40.0, 80.0], sizes)
    loss = TRUTH["E"] + TRUTH["A"] * params ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]
    loss *= np.exp(scatter * rng.normal(size=len(loss)))
    run = np.array([f"r{k}" for k in range(len(params))], object)
    return Points("sweep", {"run": run, "params": params, "tokens": tokens, "flops": 6 * params * tokens, "loss": loss})


# published numbers: /laws: S1, H2, Q1; S4 needs prices and stands with the command


def test_sardana_thirteen_billion() -> None:
    """Sardana et al. (2024), section 3, figure 1."""
    answer = plan("sardana2024-as-used", like_params=13e9, inference_tokens=2e12)
    assert answer.plan.params == pytest.approx(6.969e9, rel=1e-3)
    assert answer.plan.tokens == pytest.approx(1.248e12, rel=1e-3)
    assert answer.plan.tokens / answer.baseline.tokens == pytest.approx(2.165, rel=1e-3)
    assert answer.plan.total_flops == pytest.approx(8.005e22, rel=1e-3)
    assert answer.baseline.total_flops == pytest.approx(9.697e22, rel=1e-3)
    assert -100 * answer.saved == pytest.approx(-17.45, rel=1e-3)
    assert answer.plan.loss == pytest.approx(answer.baseline.loss, rel=1e-12)


@pytest.mark.parametrize(("name", "params"), [("hoffmann2022-tex", 40.7e9), ("hoffmann2022-rounded", 32.5e9)])
def test_hoffmann_gopher_budget(name: str, params: float) -> None:
    """Closed form of Hoffmann et al. (2022), equation 4, with unrounded and rounded coefficients."""
    answer = plan(name, flops=5.88e23)
    assert answer.plan.params == pytest.approx(params, rel=0.01)
    assert answer.plan == answer.baseline
    assert answer.plan.train_flops == pytest.approx(5.88e23, rel=1e-12)


def test_quokka_one_billion() -> None:
    """Quokka (2025), table 2."""
    answer = plan("quokka2025-approach1", like_params=1e9)
    assert isinstance(answer.source, Powers)
    assert answer.plan.train_flops == pytest.approx(5.62e20, rel=0.005)
    assert answer.plan.tokens == pytest.approx(93.5e9, rel=0.005)
    assert answer.plan.loss is None
    assert plan("quokka2025-approach2", flops=5.62e20).plan.params == pytest.approx(1e9, rel=0.25)


def test_the_published_laws_that_a_plan_takes(corpus: Corpus) -> None:
    every = plannable(corpus)
    assert {name for name, enough in every.items() if enough} >= {
        "hoffmann2022-tex",
        "besiroglu2024-published",
        "sardana2024-as-used",
        "kaplan2020-ND",
        "gadre2024-rpj",
        "muennighoff2023-data-constrained",
        "quokka2025-approach1",
        "quokka2025-approach2",
        "porian2024-rw-tuned-constant",
        "llama3-2024-allocation",
    }
    for name, enough in every.items():
        if not enough:
            with pytest.raises(Misuse, match=r"no plan with|states no"):
                published_coefficients(corpus, name)
            continue
        answer = planned(published_coefficients(corpus, name), Request(flops=1e21))
        assert answer.plan.train_flops == pytest.approx(1e21, rel=0.05)  # printed powers
        assert 0.1 < answer.plan.tokens_per_param < 1000


def test_a_power_that_is_not_published_follows_from_six_n_d() -> None:
    only_size, only_tokens = plan("porian2024-rw-tuned", flops=1e19), plan("llama3-2024-allocation", flops=3.8e25)
    assert only_size.plan.params == pytest.approx(0.1189 * 1e19**0.4969, rel=1e-9)
    assert 6 * only_size.plan.params * only_size.plan.tokens == pytest.approx(1e19, rel=1e-9)
    assert only_tokens.plan.tokens == pytest.approx(0.29 * 3.8e25**0.53, rel=1e-9)
    back = plan("llama3-2024-allocation", like_params=only_tokens.plan.params)
    assert back.plan.tokens == pytest.approx(only_tokens.plan.tokens, rel=1e-9)


# what a plan is


def test_a_quality_can_be_said_in_three_ways() -> None:
    by_flops = planned(source(), Request(flops=1e21, inference_tokens=1e12))
    base = by_flops.baseline
    by_loss = planned(source(), Request(loss=base.loss, inference_tokens=1e12))
    by_size = planned(source(), Request(like_params=base.params, inference_tokens=1e12))
    clock = Clock(8, 1e21 / 3600 / 8 / 10, "", hours=10.0)
    by_hours = planned(source(), Request(clock=clock, inference_tokens=1e12))
    for other in (by_loss, by_size, by_hours):
        assert other.plan.params == pytest.approx(by_flops.plan.params, rel=1e-6)
        assert other.baseline.tokens == pytest.approx(base.tokens, rel=1e-6)
    assert by_hours.baseline.train_hours == pytest.approx(10, rel=1e-9)
    assert by_hours.plan.train_hours
    assert by_hours.plan.train_hours > 10
    assert any("10 hours are what the compute-optimal model" in note for note in by_hours.notes)


def test_the_keys_of_the_contract() -> None:
    told = planned(source(), Request(loss=2.6, inference_tokens=1e12)).as_dict()
    keys = {"params", "tokens", "loss", "train_flops", "inference_flops", "total_flops", "cost"}
    assert keys <= told.keys()
    assert keys <= told["baseline"].keys()
    assert told["cost"] is None
    assert told["baseline"]["cost"] is None
    assert told["train_flops"] == pytest.approx(6 * told["params"] * told["tokens"])
    assert told["inference_flops"] == pytest.approx(2 * told["params"] * 1e12)
    assert told["total_flops"] == pytest.approx(told["train_flops"] + told["inference_flops"])


def test_where_nothing_was_tested_is_said() -> None:
    reach = Reach("sweep", (1e7, 1e9), (1e8, 1e11), (5.0, 200.0))
    assert planned(source(reach=reach), Request(flops=6e19)).notes == ()
    (far,) = planned(source(reach=reach), Request(flops=1e24)).notes
    assert "parameters are" in far
    assert "times the most in sweep (1e+09)" in far
    assert "tokens are" in far
    (small,) = planned(source(reach=reach), Request(flops=1e14)).notes
    assert "below the least in sweep" in small
    assert "does not know what sizes" in planned(source(), Request(flops=1e24)).notes[0]


# limited data


def test_repeats_are_worth_less() -> None:
    answer = plan("muennighoff", flops=1e22, unique_tokens=2e10)
    best, free = answer.plan, answer.unlimited
    assert free is not None
    assert answer.effective is not None
    assert best.loss
    assert free.loss
    assert best.epochs == pytest.approx(best.tokens / 2e10)
    assert best.tokens > 2e10
    assert best.loss > free.loss
    assert best.tokens > free.tokens, "with R_D above R_N, repeats are the better use of compute"
    size, spent = answer.effective
    assert 2e10 < spent < best.tokens
    assert size < best.params
    assert isinstance(answer.source, Coefficients)
    law = answer.source.values
    worth = law["E"] + law["A"] * size ** -law["alpha"] + law["B"] * spent ** -law["beta"]
    assert worth == pytest.approx(best.loss, rel=1e-12)
    plenty = plan("muennighoff", flops=1e22, unique_tokens=1e15)
    assert plenty.plan.params == pytest.approx(free.params, rel=1e-6)


def test_effective_size_and_tokens_of_the_paper_are_those_of_the_law() -> None:
    law = {"A": 520.825, "B": 1487.716, "alpha": 0.3526596, "beta": 0.3526596, "R_D": 15.387756, "R_N": 5.309743}
    assert effective(law, 1e8, 1e10, None) == pytest.approx((1e8, 1e10)), "nothing is repeated, nothing in excess"
    model, data = effective(law, 8.7e9, 4 * 1e10, 1e10)
    assert data == pytest.approx(1e10 * (1 + 15.387756 * (1 - np.exp(-3 / 15.387756))))
    useful = (520.825 / 1487.716) ** (1 / 0.3526596) * 1e10
    assert model == pytest.approx(useful * (1 + 5.309743 * (1 - np.exp(-(8.7e9 / useful - 1) / 5.309743))))


# mixtures of experts


def test_a_share_of_the_parameters_costs_a_share() -> None:
    dense, sparse = planned(source(), Request(loss=2.6)), planned(source(), Request(loss=2.6, active_share=0.25))
    assert sparse.plan.params == pytest.approx(dense.plan.params, rel=1e-9)
    assert sparse.plan.train_flops == pytest.approx(dense.plan.train_flops / 4, rel=1e-9)
    assert sparse.plan.params_active == pytest.approx(dense.plan.params / 4, rel=1e-9)
    assert any("coefficients are of dense models" in note for note in sparse.notes)
    budget = planned(source(), Request(flops=1e21, active_share=0.25)).plan
    assert budget.train_flops == pytest.approx(1e21, rel=1e-9)
    active = planned(source(params_basis="active"), Request(flops=1e21, active_share=0.25)).plan
    assert 6 * active.params * active.tokens == pytest.approx(1e21, rel=1e-9)
    assert active.params_total == pytest.approx(4 * active.params)


# fits


def test_a_plan_from_runs_has_an_interval_that_holds_the_truth() -> None:
    answer = plan(sweep(), flops=1e21, bootstraps=200)
    truth = planned(source(), Request(flops=1e21)).plan
    assert answer.draws == 200
    assert answer.failed <= 10
    for key in ("params", "tokens", "loss"):
        between = answer.intervals[key]
        assert between.low < getattr(answer.plan, key) < between.high
        assert between.low < getattr(truth, key) < between.high
    wide, again = plan(sweep(), flops=1e21, bootstraps=1000, level=0.99), plan(sweep(), flops=1e21, bootstraps=200)
    assert wide.intervals["params"].high > answer.intervals["params"].high
    assert again.as_dict() == answer.as_dict()
    assert plan(sweep(), flops=1e21, bootstraps=0).intervals == {}


def test_intervals_that_rest_on_the_lucky_are_none() -> None:
    values = {name: np.full(200, value) for name, value in TRUTH.items()}
    values["E"] = np.where(np.arange(200) < 80, 3.0, TRUTH["E"])
    answer = planned(source(draws=values), Request(loss=2.5))
    assert answer.intervals == {}
    assert answer.failed == 80
    assert any("80 of 200 refits" in note for note in answer.notes)


def test_few_runs_widen_intervals_and_fewer_have_none() -> None:
    rng = np.random.default_rng(0)
    values = {name: value * np.exp(0.01 * rng.normal(size=200)) for name, value in TRUTH.items()}
    many, few = (planned(source(draws=values, runs=runs), Request(flops=1e21)).intervals for runs in (None, 5))
    centre = planned(source(), Request(flops=1e21)).plan.params
    further = widening(0.95, 5)
    assert further == pytest.approx(2.776445 / 1.959964 * np.sqrt(5 / 4), rel=1e-6)
    for end in ("low", "high"):
        plain, wide = (np.log(getattr(found["params"], end) / centre) for found in (many, few))
        assert wide == pytest.approx(further * plain, rel=1e-6)
    none = planned(source(runs=3), Request(flops=1e21))
    assert none.intervals == {}
    assert "no intervals: 3 clusters do not tell how much clusters vary; 4 may" in none.notes


def test_too_few_refits_have_no_interval() -> None:
    answer = plan(sweep(), flops=1e21, bootstraps=50)
    assert answer.intervals == {}
    assert any("fewer than 4 of 50 refits; ask for 200 or more" in note for note in answer.notes)


def test_a_frame_of_runs_and_a_fit_in_json_are_the_same_plan(tmp_path: Path) -> None:
    import pandas as pd

    from scalebook.api import fit

    points = sweep()
    by_points = plan(points, flops=1e21, bootstraps=0)
    frame = pd.DataFrame({name: points[name] for name in ("run", "params", "tokens", "flops", "loss")})
    assert plan(frame, flops=1e21, bootstraps=0).plan == by_points.plan
    file = tmp_path / "fit.json"
    file.write_text(json.dumps(fit(points).as_dict()))
    assert plan(file, flops=1e21).plan.params == pytest.approx(by_points.plan.params, rel=1e-9)


def test_runs_that_do_not_determine_a_law_give_no_plan() -> None:
    with pytest.raises(ScalebookError, match=r"sweep does not determine chinchilla \(.*nothing to plan with: add"):
        plan(sweep(sizes=1), flops=1e21)


def test_a_law_of_fewer_coefficients_is_proposed_where_it_is_determined_and_plans_near_the_runs() -> None:
    every = sweep(scatter=0.0)
    few = every.where(np.isin(np.arange(len(every)), (0, 3, 9, 14, 21)))
    with pytest.raises(ScalebookError, match=r"with --law chinchilla_tied, which has fewer coefficients"):
        plan(few, flops=1e21)
    assert plan(few, flops=1e21, law="chinchilla_tied", bootstraps=0).plan.params > 0
    line = every.where(np.arange(len(every)) % 4 == 1).where(np.arange(6) < 5)  # all at 20 tokens per parameter
    with pytest.raises(ScalebookError, match="open, or with a published law"):
        plan(line, flops=1e21)


def test_a_size_that_was_asked_is_not_called_flops_that_were() -> None:
    note, *_ = plan("quokka2025-approach1", like_params=1e9).notes
    assert "off the 5.625e+20 FLOPs for which 1e+09 parameters are the best" in note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no fit as scalebook fit --json writes it"),
        ("[]", "it needs law and coefficients"),
        ('{"law": "chinchilla"}', "it needs law and coefficients"),
        ('{"law": "chinchila", "coefficients": {}}', "did you mean 'chinchilla'"),
        ('{"law": "chinchilla", "coefficients": {"E": {"value": 1}}}', "coefficient A of chinchilla has no value"),
        (
            '{"law": "chinchilla", "coefficients": {"E": 1, "A": 9, "B": 9, "alpha": 4, "beta": 0.3}}',
            r"alpha = 4 is out of the range of chinchilla \(alpha, power of model size, is from 0 to 3\)",
        ),
        (
            '{"law": "chinchilla", "coefficients": {"E": NaN, "A": 9, "B": 9, "alpha": 1, "beta": 0.3}}',
            "E = nan is out of the range",
        ),
        ('{"law": "compute", "coefficients": {"E": 1, "C_0": 1, "a": 1}}', "needs a law of params and tokens"),
        ('{"law": "chinchilla", "coefficients": {}, "status": "not_identified"}', "the fit is not identified"),
    ],
)
def test_what_is_no_fit_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "fit.json"
    file.write_text(text)
    with pytest.raises(Misuse, match=message):
        plan(file, flops=1e21)


# what cannot be planned


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, r"needs one of --flops, --loss, --like-params, --hours; it has none of them"),
        ({"flops": 1e21, "loss": 2.0}, "it has --flops and --loss"),
        ({"flops": 0.0}, "--flops 0: write a positive number"),
        ({"flops": float("inf")}, "--flops inf"),
        ({"loss": -1.0}, "--loss -1"),
        ({"like_params": 0.5}, "such as 13e9"),
        ({"loss": 2.0, "inference_tokens": -1.0}, "--inference-tokens -1: write a number from 0"),
        ({"loss": 2.0, "active_share": 0.0}, "--active-share 0"),
        ({"loss": 2.0, "unique_tokens": -5.0}, "--unique-tokens -5"),
        ({"loss": 2.0, "level": 1.0}, "--level 1"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(asked: dict[str, float], message: str) -> None:
    with pytest.raises(Misuse, match=message):
        Request(**asked)  # type: ignore[arg-type]


def test_a_loss_below_the_end_names_the_end() -> None:
    with pytest.raises(Misuse, match=r"no model has a loss of 1\.5 by chinchilla with truth: it ends at E = 1\.8"):
        planned(source(), Request(loss=1.5))
    with pytest.raises(Misuse, match=r"on 1e\+09 unique tokens it ends at 2\.\d+, however often"):
        plan("muennighoff", loss=2.2, unique_tokens=1e9)
    kaplan = plan("kaplan2020-ND", loss=1.0)
    assert kaplan.plan.loss == pytest.approx(1.0)


def test_a_loss_next_to_the_end_is_no_overflow() -> None:
    with pytest.raises(Misuse, match=r"no cheapest model of a loss of 1\.8 within 1e30 parameters"):
        planned(source(), Request(loss=1.8 + 1e-9))


def test_a_law_without_a_best_split_says_so() -> None:
    flat = Coefficients("flat", "", laws["multiplicative"], {"E": 1.5, "A": 100.0, "alpha": 0.1, "beta": 0.1})
    for asked in (Request(flops=1e21), Request(like_params=1e9), Request(loss=2.5)):
        with pytest.raises(Misuse, match="multiplicative with flat"):
            planned(flat, asked)


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"loss": 2.0}, "--loss"), ({"flops": 1e21, "inference_tokens": 1e12}, "--inference-tokens")],
)
def test_powers_of_compute_know_no_loss(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(Misuse, match=f"but no loss: no plan with {message} follows"):
        plan("quokka2025-approach1", **asked)


def test_names_that_are_none_are_answered() -> None:
    with pytest.raises(UnknownName, match="did you mean 'hoffmann2022-tex'"):
        plan("hofmann2022-tex", flops=1e21)
    with pytest.raises(Misuse, match="several published laws begin with 'hoffmann2022': hoffmann2022-approach1, "):
        plan("hoffmann2022", flops=1e21)
    with pytest.raises(Misuse, match="no plan with tissue2024-example"):
        plan("tissue", flops=1e21)
    with pytest.raises(Misuse, match="knows nothing of repeated tokens"):
        plan("hoffmann2022-tex", flops=1e21, unique_tokens=1e10)


# tables


@pytest.fixture(scope="module")
def answer() -> Answer:
    return planned(source(), Request(loss=2.6, inference_tokens=1e12))


def test_models_of_equal_loss_are_of_equal_loss(answer: Answer) -> None:
    rows = iso_loss(answer)
    assert [row.which for row in rows if row.which] == ["baseline", "plan"]
    assert all(row.model.loss == pytest.approx(2.6, rel=1e-9) for row in rows)
    sizes = np.array([row.model.params for row in rows])
    assert np.all(np.diff(sizes) < 0)
    assert sizes.min() > least_params(answer)
    assert min(row.train_ratio for row in rows) == pytest.approx(1)
    assert min(rows, key=lambda row: row.total_ratio).which == "plan"
    excess = 2.6 - TRUTH["E"]
    assert least_params(answer) == pytest.approx((TRUTH["A"] / excess) ** (1 / TRUTH["alpha"]), rel=1e-3)


def test_models_of_equal_cost_are_of_equal_cost(answer: Answer) -> None:
    rows = iso_cost(answer)
    spent = [row.model.total_flops for row in rows]
    assert spent == pytest.approx([answer.plan.total_flops] * len(rows), rel=1e-9)
    assert min(rows, key=lambda row: row.excess_loss).which == "plan"
    assert all(row.excess_loss >= -1e-12 for row in rows)
    assert json.loads(json.dumps(rows[0].as_dict()))["params"] == rows[0].model.params
