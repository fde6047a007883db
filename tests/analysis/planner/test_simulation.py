"""The simulation on three families of the corpus, and what was learnt from the corpus."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from scalebook.analysis.planner import discount, policies
from scalebook.analysis.planner import experience as kept
from scalebook.analysis.planner.belief import settle
from scalebook.analysis.planner.design_search import variance
from scalebook.analysis.planner.discount import GRID, best, with_discounts
from scalebook.analysis.planner.experience import as_dict, doubting, experience, learn
from scalebook.analysis.planner.measured import measured
from scalebook.analysis.planner.policies import POLICIES, Game
from scalebook.analysis.planner.scene import scene
from scalebook.analysis.planner.simulation import duel, errors, simulated
from scalebook.analysis.planner.tuning import lessons
from scalebook.analysis.points import family_points
from scalebook.corpus.database import open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

from .made_runs import made  # noqa: TID251 (this folder, not the package)

FAMILIES = ("cerebras-gpt", "opt", "gadre-redpajama")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    with open_corpus(own_runs=False) as corpus:
        return simulated(corpus, FAMILIES, budgets=(0.1, 0.4))


def test_every_policy_spends_what_it_has_and_is_no_better_than_hindsight(rows: pd.DataFrame) -> None:
    assert set(rows["family"]) == set(FAMILIES)
    assert all(set(some["policy"]) == set(POLICIES) for _, some in rows.groupby(["family", "budget"]))
    assert (rows["share"] <= rows["budget"] * (1 + 1e-9)).all()
    assert (rows["regret"] >= 0).all()
    assert np.allclose(rows["regret"], rows["are"] - rows["best"])
    assert (rows.loc[rows["policy"] == "nothing", "share"] == 0).all()
    assert (rows.loc[rows["policy"] == "design", "share"] > 0).all()


def test_processes_change_nothing(rows: pd.DataFrame) -> None:
    with open_corpus(own_runs=False) as corpus:
        again = simulated(corpus, FAMILIES[:2], budgets=(0.1, 0.4), jobs=2)
    mine = rows[rows["family"].isin(FAMILIES[:2])].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, mine)


def test_a_forecast_with_runs_is_better_than_without(rows: pd.DataFrame) -> None:
    table = errors(rows)
    assert list(table.columns) == [*POLICIES, "best"]
    assert (table["design"] < table["nothing"]).all()
    assert (table["best"] <= table.min(axis=1) + 1e-12).all()


def test_a_duel_counts_families_and_says_so() -> None:
    """Two wins, one level for want of a choice and one loss, in three groups: shares by group are 1, 1/2 and none."""
    said = [
        ("a", "x", 0.1, 0.2),
        ("b", "x", 0.1, 0.3),
        ("c", "y", 0.1, 0.2),
        ("d", "y", 0.3, 0.2),
        ("e", "z", 0.2, 0.2),
    ]
    told = [
        {"family": family, "related": group, "budget": 0.1, "choice": group != "z", "policy": policy, "are": are}
        for family, group, design, doubling in said
        for policy, are in (("design", design), ("doubling", doubling))
    ]
    found = duel(pd.DataFrame(told))
    assert (found.wins, found.level, found.losses) == (3, 1, 1)
    assert found.share.value == pytest.approx(0.75)
    assert found.share.groups == 2
    assert found.are == pytest.approx(np.median([0.1, 0.2, 0.2]))
    assert "a lower error on 3 of the 4 families where they differ (75 %)" in found.sentence
    assert "level in 1 (1 of them leave no choice); 75 % with groups" in found.sentence
    with pytest.raises(UnknownName, match="did you mean 'doubling'"):
        duel(pd.DataFrame(told), "design", "dubling")


def test_a_policy_never_sees_what_it_has_not_bought() -> None:
    """Losses that nobody has bought may be anything: every decision stays."""
    from dataclasses import replace

    points = made(sizes=(1e7, 2e7, 4e7, 8e7, 1.6e8, 3.2e8), ratios=(10.0, 40.0), checkpoints=12)
    bought = []
    for factor in (1.0, 5.0):
        plain = scene(points)
        assert plain is not None
        hidden = ~plain.seen(())
        columns = {**points.columns, "loss": np.where(hidden, factor * points["loss"], points["loss"])}
        played = scene(replace(points, columns=columns))
        assert played is not None
        belief = settle(experience(), *measured(played.points, played.ratio, played.seen(())))
        game = Game(played, played.problem(belief), 0.4)
        bought.append({name: policy(game) for name, policy in POLICIES.items()})
    assert bought[0] == bought[1]
    assert bought[0]["design"]


def test_scenes_start_from_small_whole_runs_and_never_sell_the_end_of_the_target() -> None:
    with open_corpus(own_runs=False) as corpus:
        points = family_points(corpus, "opt")
    played = scene(points)
    assert played is not None
    assert points["params"][played.target] == points["params"].max()
    assert [points.level[k] for k in played.start] == [0, 1, 2]
    assert points.final[list(played.start)].all()
    for arm in played.arms:
        own = arm.run == points.run_index[played.target]
        assert points.progress[arm.row] <= (0.7 if own else 1.0)
        assert arm.whole == (not own and bool(points.final[arm.row]))
        assert not (played.seen([played.arms.index(arm)])[played.asked]).any()
    assert scene(made(sizes=(1e7, 2e7))) is None


def test_what_cannot_be_simulated_is_refused() -> None:
    with open_corpus(own_runs=False) as corpus:
        with pytest.raises(Misuse, match="a budget of 3: write a share of the target's training"):
            simulated(corpus, ["opt"], budgets=(3.0,))
        with pytest.raises(Misuse, match="olmo has nothing to simulate: it needs 5 sizes"):
            simulated(corpus, ["olmo"])
        with pytest.raises(UnknownName, match="did you mean 'opt'"):
            simulated(corpus, ["optt"])


def test_what_is_kept_is_what_the_corpus_teaches() -> None:
    """The prior is learnt again, with the kept scatter: a changed corpus or model shows here."""
    told = json.loads(kept.FILE.read_text(encoding="utf-8"))
    with open_corpus(own_runs=False) as corpus:
        learnt, _ = lessons(corpus)
    assert [lesson.family for lesson in learnt] == told["families"]
    assert set(told["without"]) == {lesson.group for lesson in learnt}
    remedy = "out of date: run tests/benchmarks/planner_experience.py"
    again = as_dict(learn(learnt, experience().scatter))
    for name in ("mean", "covariance"):
        assert np.allclose(again[name], told["all"][name], rtol=1e-3, atol=1e-4), remedy
    rest = [lesson for lesson in learnt if lesson.group != "opt"]
    again = as_dict(learn(rest, experience("opt").scatter))
    assert np.allclose(again["mean"], told["without"]["opt"]["mean"], rtol=1e-3, atol=1e-4), remedy
    assert told["without"]["opt"] != told["all"]
    assert all(one["design_discount"] in GRID for one in (told["all"], *told["without"].values()))


def test_the_discount_is_chosen_by_groups_that_weigh_the_same_and_without_the_group_that_asks() -> None:
    """Two families of x want .006 and one of y wants .01: by families .006, by groups .01, which is y's doing."""
    wish = {("a", "x"): (1.0, 0.9, 0.95), ("b", "x"): (1.0, 0.9, 0.95), ("c", "y"): (1.0, 0.9, 0.82)}
    rows = pd.DataFrame(
        [
            {"family": family, "related": group, "discount": discount, "are": are}
            for (family, group), ares in wish.items()
            for discount, are in zip((0.0, 0.006, 0.01), ares, strict=True)
        ]
    )
    assert (best(rows), best(rows, "x"), best(rows, "y")) == (0.01, 0.01, 0.006)
    hard = rows.assign(are=np.where(rows["related"] == "x", 1000 * rows["are"], rows["are"]))
    assert best(hard) == best(rows)  # ratios count: a family that nobody can forecast does not decide it
    assert best(rows.assign(are=1.0)) == 0.0
    told = with_discounts({"families": [], "all": {"mean": 1}, "without": {"y": {"mean": 2}}}, rows)
    assert told["all"] == {"mean": 1, "design_discount": 0.01}
    assert told["without"] == {"y": {"mean": 2, "design_discount": 0.006}}


def test_the_kept_discount_is_what_the_simulation_plays(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """The designs that the discount is learnt from are those of the simulation."""
    told = json.loads(kept.FILE.read_text(encoding="utf-8"))
    mine = float(told["without"]["gadre"]["design_discount"])
    assert experience("gadre").scatter.discount == told["without"]["gadre"]["scatter"]["discount"]
    assert doubting("gadre").scatter.discount == mine > 0.0
    monkeypatch.setattr(discount, "GRID", (mine,))
    monkeypatch.setattr(discount, "BUDGETS", (0.1, 0.4))
    with open_corpus(own_runs=False) as corpus:
        found = discount.tried(corpus, told, ["gadre-redpajama"])
    played = rows[(rows["policy"] == "design") & (rows["family"] == "gadre-redpajama")]
    assert found["are"].tolist() == pytest.approx([played["are"].mean()])


def test_a_scene_knows_whether_there_is_a_choice(rows: pd.DataFrame) -> None:
    """Two runs can be bought: together, alone, or neither."""
    points = made(sizes=(1e7, 2e7, 4e7, 8e7, 1.6e8), ratios=(20.0,), checkpoints=12)
    played = scene(points)
    assert played is not None
    cheap, dear = sorted(arm.cost for arm in played.arms if arm.whole)
    assert [played.leaves_a_choice(budget) for budget in (0.9 * cheap, cheap, dear, cheap + dear)] == [
        False,
        False,
        True,
        False,
    ]
    told = rows.groupby(["family", "budget"])["choice"].agg(["any", "all"])
    assert (told["any"] == told["all"]).all()


def test_the_doubling_rule_is_the_design_where_it_leaves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that may take single runs only must not beat three runs of the rule by ignoring them."""
    points = made(sizes=(1e7, 2e7, 4e7, 8e7, 1.6e8, 3.2e8, 6.4e8, 1.28e9), ratios=(20.0,), checkpoints=12)
    played = scene(points)
    assert played is not None
    problem = played.problem(settle(doubting(), *measured(points, played.ratio, played.seen(()))))
    game = Game(played, problem, 0.9)
    rule, searched = policies.doubling(game), policies.design(game)
    assert len(rule) > 1
    monkeypatch.setattr(policies, "MOST", 1)
    alone = policies.design(game)
    assert alone == rule
    assert variance(problem, searched) <= variance(problem, alone) * (1 + 1e-9)
