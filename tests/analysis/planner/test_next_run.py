"""The next run to train, on runs that a law made."""

from __future__ import annotations

import numpy as np
import pytest

from scalebook.analysis.planner import next_run as module
from scalebook.analysis.planner.candidates import Candidate, Target, candidates, doubled
from scalebook.analysis.planner.experience import discounted, experience
from scalebook.analysis.planner.next_run import NextRun, next_run
from scalebook.analysis.planner.reasons import reason
from scalebook.analysis.points import Points
from scalebook.corpus.errors import Misuse

from .made_runs import loss, made  # noqa: TID251 (this folder, not the package)

BUDGET, PARAMS, TOKENS = 2e20, 1e10, 2e11


@pytest.fixture(scope="module")
def answer() -> NextRun:
    return next_run(made(), BUDGET, PARAMS, TOKENS)


def test_the_forecast_is_near_the_truth(answer: NextRun) -> None:
    assert answer.loss == pytest.approx(float(loss(PARAMS, TOKENS)), rel=0.05)
    assert 0.001 < answer.sd < 0.2


def test_designs_stay_within_the_budget_and_are_ranked(answer: NextRun) -> None:
    kinds = [one.kind for one in answer.designs]
    assert kinds[0] == "best"
    assert kinds[-2:] == ["doubling rule", "nothing"]
    best, *rest = answer.designs
    assert not any(run.partial for one in answer.designs for run in one.runs)
    for one in answer.designs:
        assert one.flops == pytest.approx(sum(6 * run.params * run.tokens for run in one.runs))
        assert one.flops <= BUDGET * (1 + 1e-9)
        assert one.share_of_budget == pytest.approx(one.flops / BUDGET)
        assert best.sd_after <= one.sd_after <= one.sd_before == answer.sd
    cheaper = [one for one in rest if one.kind == "cheaper"]
    assert cheaper
    for dear, cheap in zip([best, *cheaper], cheaper, strict=False):
        assert cheap.flops <= dear.flops
        assert cheap.sd_after >= dear.sd_after


def test_the_best_design_is_better_than_the_doubling_rule_and_nothing_is_worth_nothing(answer: NextRun) -> None:
    rule, nothing = answer.designs[-2:]
    assert answer.best.sd_after < rule.sd_after < nothing.sd_after
    assert nothing.removed == 0
    assert nothing.removed_per_flop is None
    assert rule.removed_per_flop == pytest.approx((rule.sd_before**2 - rule.sd_after**2) / rule.flops)
    assert [run.params for run in rule.runs] == [1.28e9]


def test_training_the_best_design_lowers_the_standard_deviation_as_it_said(answer: NextRun) -> None:
    """The promise, made before training, against the answer after it."""
    start = made()
    points = dict(start.columns)
    for k, run in enumerate(run for run in answer.best.runs if not run.partial):
        tokens = run.tokens * np.array([0.25, 0.5, 1.0])
        more = {
            "run": np.array([f"new{k}"] * 3, object),
            "params": np.full(3, run.params),
            "tokens": tokens,
            "flops": 6 * run.params * tokens,
            "loss": loss(run.params, tokens),
        }
        points = {name: np.concatenate([points[name], more[name]]) for name in points}
    later = next_run(Points("later", points), BUDGET, PARAMS, TOKENS)
    assert later.sd < answer.sd
    assert later.sd == pytest.approx(answer.best.sd_after, rel=0.35)


def test_the_beginning_of_the_target_is_told_apart_and_priced() -> None:
    found = next_run(made(sizes=(1e7, 4e7)), 2e21, 5e9, 1e11)
    (own,) = [one for one in found.designs if one.kind == "with the target"]
    (part,) = [run for run in own.runs if run.partial]
    assert part.flops == pytest.approx(6 * 5e9 * part.tokens)
    assert part.label.startswith("the target (5B) on its first ")
    assert "the target's own curve begins" in own.why
    assert own.sd_after <= found.best.sd_after
    assert not any(run.partial for run in found.best.runs)


def test_a_larger_budget_never_makes_it_worse() -> None:
    after = [next_run(made(), budget, PARAMS, TOKENS).best.sd_after for budget in (1e19, 1e20, 1e21)]
    assert after == sorted(after, reverse=True)


def test_candidates_are_runs_that_one_could_train() -> None:
    points = made()
    some = candidates(points, PARAMS, TOKENS, 1e22)
    assert all(one.flops <= 1e22 for one in some)
    assert all(1e7 <= one.params <= PARAMS and one.tokens <= TOKENS for one in some)
    part = [one for one in some if one.partial]
    assert {one.params for one in part} == {PARAMS}
    assert {one.tokens / TOKENS for one in part} == {1 / 16, 1 / 8, 1 / 4, 1 / 2}
    assert all(one.end == one.tokens for one in some if not one.partial)
    assert candidates(points, PARAMS, TOKENS, 1e3) == []


def test_few_sizes_are_joined_by_smaller_ones_and_no_run_is_had_twice_but_whole() -> None:
    for sizes in ((8e8,), (8e8, 1.6e9)):
        some = [one for one in candidates(made(sizes=sizes, ratios=(20.0,)), PARAMS, TOKENS, 1e22) if not one.partial]
        assert min(one.params for one in some) == pytest.approx(1e8)
        assert min(one.tokens for one in some if one.params == 8e8) == pytest.approx(1.6e10)
    three = candidates(made(sizes=(8e8, 1.6e9, 3.2e9)), PARAMS, TOKENS, 1e22)
    assert min(one.params for one in three) == 8e8


def test_a_reason_is_true_of_the_runs() -> None:
    points, target = made(sizes=(1e8,), ratios=(20.0,)), Target(PARAMS, TOKENS)
    longer, again, smaller = (Candidate(n, d, d) for n, d in ((1e8, 4e9), (1e8, 2e9), (2.5e7, 5e8)))
    assert reason(points, target, [longer]) == "more tokens per parameter at known sizes"
    assert reason(points, target, [again]) == "more runs at known sizes"
    assert reason(points, target, [smaller]) == "2 sizes for 1"


def test_the_doubling_rule_doubles_until_the_budget_is_spent() -> None:
    points = made(sizes=(1e7, 1e8))
    once = Candidate(2e8, 4e9, 4e9)
    twice = Candidate(4e8, 8e9, 8e9)
    assert doubled(points, PARAMS, once.flops + twice.flops) == [once, twice]
    assert doubled(points, PARAMS, once.flops + 0.9 * twice.flops) == [once]
    assert doubled(points, PARAMS, 0.9 * once.flops) == []
    assert doubled(points, 4.1e8, 1e30) == [once]


def test_runs_of_equal_tokens_per_parameter_do_not_determine_the_law_and_the_answer_says_what_does() -> None:
    points = made(checkpoints=1, noise=0.0)
    found = next_run(points, BUDGET, PARAMS, TOKENS)
    assert not found.identified
    (needed,) = found.identified_by
    assert abs(np.log(needed.tokens / needed.params / 20)) > 0.1
    grid = next_run(made(ratios=(10.0, 40.0), checkpoints=1), BUDGET, PARAMS, TOKENS)
    assert grid.identified
    assert grid.identified_by == ()


def test_one_run_is_answered_with_a_note() -> None:
    found = next_run(made(sizes=(1e8,), checkpoints=1), BUDGET, PARAMS, TOKENS)
    assert found.notes[0] == "there is one run: how loss changes with size is taken from the corpus alone"
    assert not found.identified
    assert found.best.sd_after < found.sd


def test_two_sizes_a_far_target_and_a_budget_for_the_target_are_noted() -> None:
    two = next_run(made(sizes=(1e7, 2e7)), 1e25, 1e11, 1e12).notes
    assert two[0].startswith("there are 2 sizes")
    assert two[1] == "the budget pays for the target itself, which costs 6e+23 FLOPs"
    assert two[2] == "the target is 5000 times the largest run; few families of the corpus reach so far"


@pytest.mark.parametrize(
    ("budget", "params", "tokens", "message"),
    [
        (-1.0, PARAMS, TOKENS, r"a budget of -1 FLOPs: write a number above 0"),
        (0.1, PARAMS, TOKENS, r"a budget of 0.1 FLOPs is below that of any run: write FLOPs out, such as 1e21"),
        (BUDGET, float("nan"), TOKENS, r"a target of nan parameters: write a number above 0"),
        (BUDGET, PARAMS, 0.0, r"a target of 0 tokens: write a number above 0"),
        (
            BUDGET,
            3.2e8,
            1e9,
            r"the target \(320M parameters on 1B tokens, 1.92e\+18 FLOPs\) is no larger than the largest",
        ),
        (BUDGET, 1e6, 1e15, r"the target has 1M parameters and the smallest run 10M"),
        (
            1e10,
            PARAMS,
            TOKENS,
            r"a budget of 1e\+10 FLOPs buys none of \d+ candidates: the cheapest, 10M on 100M tokens",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_allowed(
    budget: float, params: float, tokens: float, message: str
) -> None:
    with pytest.raises(Misuse, match=message):
        next_run(made(), budget, params, tokens)


def test_sizes_that_are_counted_in_several_ways_are_refused() -> None:
    points = made()
    basis = np.where(points["params"] > 1e8, "total", "non-embedding").astype(object)
    mixed = Points("mixed", {**points.columns, "params_basis": basis})
    with pytest.raises(Misuse, match="counted in 2 ways"):
        next_run(mixed, BUDGET, PARAMS, TOKENS)
    assert next_run(mixed, BUDGET, PARAMS, TOKENS, allow_mixed=True).best.runs


def test_runs_unlike_the_target_are_doubted_in_the_choice_and_not_in_the_forecast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a large discount the runs lie nearer the target's tokens per parameter; what is forecast stays."""
    points, found = made(ratios=(5.0, 20.0, 80.0)), []
    for discount in (0.0, 0.2):
        prior = discounted(experience(), discount)
        monkeypatch.setattr(module, "doubting", lambda _, prior=prior: prior)
        found.append(next_run(points, BUDGET, PARAMS, 100 * PARAMS))
    plain, doubted = found
    assert (plain.loss, plain.sd) == (doubted.loss, doubted.sd)

    def far(answer: NextRun) -> float:
        return float(np.mean([abs(np.log(run.tokens / run.params / 100)) for run in answer.best.runs]))

    assert far(doubted) < far(plain)
    assert all(one.sd_before == doubted.sd for one in doubted.designs)
    assert doubted.designs[-1].sd_after == doubted.sd
