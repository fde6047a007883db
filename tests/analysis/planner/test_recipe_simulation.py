"""The game of recipes: contests whose end is known by construction, and a slice of the corpus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scalebook.analysis.planner import kinship as kept
from scalebook.analysis.planner.climb import Climb, alone, climb
from scalebook.analysis.planner.contest import Contest, contest_of, contests_of
from scalebook.analysis.planner.kinship import LAW, MISFIT, best, density, kinship
from scalebook.analysis.planner.recipe_policies import POLICIES, play
from scalebook.analysis.planner.recipe_simulation import duel, gained, overall, simulated, table
from scalebook.analysis.planner.together import Kinship
from scalebook.analysis.points import Points, points_of_families
from scalebook.analysis.recipes.pairs import comparable, pairs_of
from scalebook.corpus.database import open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

from .made_runs import made  # noqa: TID251 (this folder, not the package)

SIZES = (1e7, 2e7, 4e7, 8e7, 1.6e8)
FAMILIES = ("llm-line-mamba", "llm-line-mamba2", "gadre-c4", "gadre-redpajama")


def recipe(name: str, excess: float, sizes: tuple[float, ...] = SIZES) -> Points:
    """Losses without noise, so many times as far above the floor."""
    plain = made(sizes=sizes, checkpoints=4, noise=0.0, name=name)
    return Points(name, {**plain.columns, "loss": 1.8 + excess * (plain["loss"] - 1.8)}, related="nobody")


@pytest.fixture(scope="module")
def contest() -> Contest:
    found = contest_of([recipe("a", 1.02), recipe("b", 1.0), recipe("c", 1.05)])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def played(contest: Contest) -> Climb:
    return climb(contest, kinship())


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    with open_corpus(own_runs=False) as corpus:
        return simulated(corpus, FAMILIES, budgets=(0.3, 0.7))


def test_a_contest_is_a_ladder_to_the_largest_common_size(contest: Contest) -> None:
    assert (contest.rungs.shape, contest.start, contest.related) == ((3, 5), 2, "nobody")
    assert [contest.at(1, k).params for k in range(5)] == list(SIZES)
    np.testing.assert_allclose(contest.cost[0], [4.0**-k for k in (4, 3, 2, 1, 0)])
    assert contest.truth.argmin() == 1


def test_recipes_that_lack_a_size_meet_on_a_shorter_ladder() -> None:
    some = [recipe("a", 1.0), recipe("b", 1.1), recipe("c", 1.2, SIZES[:-1])]
    found = contests_of(some)
    assert [(one.names, one.rungs.shape[1]) for one in found] == [(("a", "b", "c"), 4), (("a", "b"), 5)]
    assert contests_of([recipe("a", 1.0, SIZES[:2]), recipe("b", 1.0, SIZES[:2])]) == []
    assert [one.start for one in contests_of([recipe(n, 1.0, SIZES[:3]) for n in "ab"])] == [1]


def test_a_trunk_that_is_not_cooled_down_takes_no_part() -> None:
    one, two = recipe("a", 1.0), recipe("b", 1.1)
    words = np.full(len(one), "wsd", object)
    trunk = {name: values[-4:] for name, values in one.columns.items()}
    trunk |= {"run": np.full(4, "trunk", object), "loss": 1.2 * trunk["loss"]}
    columns = {name: np.concatenate([trunk[name], values]) for name, values in one.columns.items()}
    columns["schedule"] = np.concatenate([np.full(4, "constant", object), words])
    (found,) = contests_of([Points("a", columns, related="nobody"), two])
    assert found.truth[0] == pytest.approx(np.log(one["loss"][-1]))


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "nothing"])
def test_without_noise_every_policy_finds_the_best_within_its_budget(played: Climb, name: str) -> None:
    for budget in (0.2, 0.6):
        taken = play(played, budget, POLICIES[name], seed=3)
        assert 0 < played.spent(taken) <= budget * (1 + 1e-9)
        assert played.regret(taken) == 0
        assert played.forecast(taken)[0].argsort().tolist() == [1, 0, 2]


def test_policies_do_what_their_names_say(played: Climb) -> None:
    whole = played.cost.sum()
    assert play(played, 3.01 * played.cost[0, 0] / whole, POLICIES["turns"]).tolist() == [1, 1, 1]
    assert play(played, 0.99, POLICIES["halving"]).tolist() == [1, 2, 0]
    assert play(played, 1.001 * (played.cost[0].sum() + played.cost[0, 0]) / whole, POLICIES["leader"])[1] == 2
    assert play(played, 0.99, POLICIES["nothing"]).tolist() == [0, 0, 0]
    one, again, other = (play(played, 0.5, POLICIES["random"], seed).tolist() for seed in (1, 1, 2))
    assert one == again
    assert one != other or play(played, 0.5, POLICIES["random"], 5).tolist() != one


def test_a_policy_never_sees_what_it_has_not_bought(contest: Contest) -> None:
    """The largest runs below the target may have any loss: what is decided before they are bought stays."""
    hidden = []
    for points in contest.recipes:
        last = points["params"] == SIZES[-2]
        hidden.append(replace(points, columns={**points.columns, "loss": np.where(last, 9.0, points["loss"])}))
    other = climb(replace(contest, recipes=tuple(hidden)), kinship())
    plain = climb(contest, kinship())
    budget = 3.01 * plain.cost[0, 0] / plain.cost.sum()
    for name, policy in POLICIES.items():
        assert play(other, budget, policy, 4).tolist() == play(plain, budget, policy, 4).tolist(), name


def test_kinship_lets_a_recipe_that_is_behind_learn_from_the_others(played: Climb) -> None:
    """One recipe has both further runs: forecasts made alone err alike, those made together cancel."""
    taken = np.array([2, 0, 0])
    error = {
        kind: some.forecast(taken)[0] - some.contest.truth
        for kind, some in (("together", played), ("alone", alone(played)))
    }
    assert np.ptp(error["together"]) < np.ptp(error["alone"])
    mean, covariance = alone(played).forecast(taken)
    assert np.count_nonzero(covariance) == len(mean)
    assert density(played, taken) > density(alone(played), taken)


def test_strangers_learn_less_of_each_other_than_kin(contest: Contest, played: Climb) -> None:
    """Without kinship, what a recipe has further moves the others less: they share the unit of the loss alone."""
    moves = [
        np.abs(some.forecast(np.array([2, 0, 0]))[0] - some.forecast(np.zeros(3, np.int64))[0])
        for some in (climb(contest, Kinship(0.0, 0.0)), played)
    ]
    assert (moves[0][1:] < 0.7 * moves[0][0]).all()
    np.testing.assert_allclose(moves[1][1:], moves[1][0], rtol=0.15)


def test_rows_of_the_corpus(rows: pd.DataFrame) -> None:
    assert set(rows["related"]) == {"mamba", "gadre"}
    shared = rows.groupby(["contest", "budget", "forecasts"])
    assert all(list(some["policy"]) == list(POLICIES) for _, some in shared)
    assert (rows["spent"] <= rows["budget"] * (1 + 1e-9)).all()
    assert (rows["regret"] >= rows["best"] - 1e-12).all()
    assert all(rows[name].between(0, 1).all() for name in ("found", "said"))
    assert (rows["log_score"] <= 0).all()
    assert (rows.loc[rows["policy"] == "nothing", "spent"] == 0).all()


def test_processes_and_repetition_change_nothing(rows: pd.DataFrame) -> None:
    with open_corpus(own_runs=False) as corpus:
        again = simulated(corpus, FAMILIES[:2], budgets=(0.3, 0.7), jobs=2)
    mine = rows[rows["related"] == "mamba"].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, mine)


def test_tables_and_duels_weigh_groups_alike() -> None:
    """Two contests of x, one of y: the regret of ei is .01 and .03 in x, .06 in y; of turns .02, .02, .06."""
    told = [
        {
            "contest": contest,
            "related": group,
            "budget": 0.1,
            "policy": name,
            "forecasts": kind,
            "regret": regret * more,
        }
        for contest, group, ei, turns in (("a", "x", 0.01, 0.02), ("b", "x", 0.03, 0.02), ("c", "y", 0.06, 0.06))
        for name, regret in {**dict.fromkeys(POLICIES, 0.1), "ei": ei, "turns": turns}.items()
        for kind, more in (("together", 1.0), ("alone", 2.0))
    ]
    frame = pd.DataFrame(told)
    assert overall(frame)["ei"] == pytest.approx(0.04)
    assert table(frame)["ei"].tolist() == pytest.approx([0.04])
    assert overall(frame, forecasts="alone")["ei"] == pytest.approx(0.08)
    found = duel(frame)
    assert (found.wins, found.level, found.losses) == (1, 1, 1)
    assert found.gain.value == pytest.approx(0.0)
    assert "ei against turns: less regret in 1 of the 2 contests where they differ (50 %), level in 1" in found.sentence
    assert gained(frame, "regret").value < 0
    with pytest.raises(UnknownName, match="did you mean 'turns'"):
        duel(frame, "ei", "turn")


def test_what_makes_no_contest_is_refused() -> None:
    with open_corpus(own_runs=False) as corpus:
        with pytest.raises(Misuse, match="a budget of 1: write a share of what all runs cost, above 0 and below 1"):
            simulated(corpus, budgets=(1.0,))
        with pytest.raises(UnknownName, match="did you mean 'gadre-c4'"):
            simulated(corpus, ["gadre-c5", "gadre-redpajama"])
        with pytest.raises(Misuse, match="no contest among gadre-c4, opt: name two families or more of the same"):
            simulated(corpus, ["gadre-c4", "opt"])
        with pytest.raises(Misuse, match="no contest among gadre-c4"):
            simulated(corpus, ["gadre-c4"])


def test_pairs_are_pairs_of_the_sets_that_can_be_compared() -> None:
    with open_corpus(own_runs=False) as corpus:
        sets, pairs = comparable(corpus), pairs_of(corpus)
    assert len(pairs) == sum(len(some) * (len(some) - 1) // 2 for some in sets)
    assert all(len({(p.related, p.unit) for p in some}) == 1 for some in sets)


def test_kinship_is_chosen_by_groups_that_weigh_the_same_and_without_the_group_that_asks() -> None:
    told = [
        {"related": group, "law": law, "misfit": 0.8, "density": value}
        for group, values in (("x", (1.0, 2.0)), ("x", (1.0, 2.0)), ("y", (4.0, 2.0)))
        for law, value in zip((0.99, 0.999), values, strict=True)
    ]
    frame = pd.DataFrame(told)
    assert [best(frame, without).law for without in ("", "x", "y")] == [0.99, 0.99, 0.999]


def test_what_is_kept_says_more_of_the_differences_than_forecasts_alone() -> None:
    told = kept._kept()
    for one in (told["all"], *told["without"].values()):
        assert one["law"] in LAW
        assert one["misfit"] in MISFIT
    with open_corpus(own_runs=False) as corpus:
        (contest,) = contests_of(points_of_families(corpus, ["cerebras-pythia", "cerebras-pythia-deduped"]))
    assert kinship("pythia") == Kinship(**told["without"]["pythia"])
    found = climb(contest, kinship("pythia"))
    taken = np.array([3, 1])
    assert density(found, taken) > density(alone(found), taken)
