from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.analysis.points import (
    MEAN,
    SAME_SIZE,
    Points,
    drop,
    families_with_points,
    family_points,
    points_of_families,
)
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName


def points(params: Any = (1e6, 1e6, 2e6), tokens: Any = (1e8, 2e8, 3e8), **more: Any) -> Points:
    n = len(params)
    columns = {
        "run": np.array([f"r{p:.0f}" for p in params], dtype=object),
        "params": np.asarray(params, float),
        "tokens": np.asarray(tokens, float),
        "flops": 6.0 * np.asarray(params, float) * np.asarray(tokens, float),
        "loss": np.linspace(4.0, 3.0, n),
    }
    return Points("some", columns | more)


def test_sizes_runs_and_the_end_of_each_run() -> None:
    mixed = points(
        [1e6, 1e6, 2e6, 2e6, 2e6], [1e8, 2e8, 5e8, 4e8, 1e8], run=np.array(["a", "a", "b", "c", "c"], object)
    )
    assert len(mixed) == 5
    assert mixed.sizes.tolist() == [1e6, 2e6]
    assert mixed.runs == ("a", "b", "c")
    assert mixed.run_tokens.tolist() == [2e8, 2e8, 5e8, 4e8, 4e8]


def test_a_part_keeps_the_family_and_every_column() -> None:
    whole = Points("some", points().columns, "nats/byte", "group")
    part = whole.where(whole["tokens"] > 1e8)
    assert (part.family, part.unit, part.related) == ("some", "nats/byte", "group")
    assert set(part.columns) == set(whole.columns)
    assert part["tokens"].tolist() == [2e8, 3e8]
    assert part.run_tokens.tolist() == [2e8, 3e8]


def test_a_column_that_is_not_there_is_guessed() -> None:
    with pytest.raises(UnknownName, match=r"no column named 'flop'; did you mean 'flops'\?"):
        points()["flop"]


def test_scattered_sizes_are_one_level() -> None:
    scattered = points([1.0e6, 1.1e6, 1.24e6, 1.3e6, 1.6e6, 3e6], [1e8] * 6)
    assert scattered.level.tolist() == [0, 0, 0, 1, 1, 2]


@given(st.lists(st.floats(1e4, 1e12), min_size=1, max_size=30))
def test_a_level_is_narrow_and_levels_follow_sizes(params: list[float]) -> None:
    made = points(params, [1e9] * len(params))
    level, sizes = made.level, np.asarray(params)
    assert sorted(set(level.tolist())) == list(range(level.max() + 1))
    for n in range(level.max() + 1):
        assert sizes[level == n].max() <= SAME_SIZE * sizes[level == n].min()
        assert not (sizes[level < n] >= sizes[level == n].min()).any()


def test_the_digest_is_of_the_content() -> None:
    one = points()
    again = Points("some", dict(reversed([*one.columns.items()])))
    assert again.digest == one.digest
    assert one.where(np.ones(3, bool)).digest == one.digest
    changed = [
        Points("other", one.columns),
        Points("some", one.columns, "nats/byte"),
        Points("some", one.columns, related="group"),
        one.where(np.array([True, True, False])),
        points(loss=np.array([4.0, 3.5, np.nextafter(3.0, 4.0)])),
        points(run=np.array(["r1000000", "r1000000", "x"], object)),
        points(unique_tokens=np.full(3, np.nan)),
    ]
    assert len({p.digest for p in [one, *changed]}) == 1 + len(changed)


def test_a_family_of_the_corpus_comes_sorted_with_its_unit(small: Corpus) -> None:
    one = family_points(small, "one")
    assert (one.family, one.unit, one.related, len(one)) == ("one", "nats/token", "ann", 60)
    assert one.sizes == pytest.approx(np.geomspace(1e7, 1e9, 5))
    order = np.lexsort((one["tokens"], one["run"], one["params"]))
    assert order.tolist() == list(range(60))
    assert one["flops"] == pytest.approx(6 * one["params"] * one["tokens"])
    law = 1.8 + 300 * one["params"] ** -0.33 + 2000 * one["tokens"] ** -0.36
    assert one["loss"] == pytest.approx(law, rel=0.005)
    assert np.isnan(one["unique_tokens"]).all()


def test_points_are_read_once_while_a_corpus_is_open(small: Corpus, small_folder: Path) -> None:
    first = points_of_families(small, ["one", "two"])
    again = points_of_families(small, ["two", "three", "one"])
    assert again[0] is first[1]
    assert again[2] is first[0]
    with pytest.raises(UnknownName, match="onne"):
        points_of_families(small, ["one", "onne"])
    with open_corpus(small_folder) as other:
        fresh = family_points(other, "one")
    assert fresh is not first[0]
    assert fresh.digest == first[0].digest


def test_what_cannot_be_fitted_says_why(small: Corpus) -> None:
    with pytest.raises(UnknownName, match=r"no family named 'thre'; did you mean 'three'\?"):
        family_points(small, "thre")
    with pytest.raises(Misuse, match="family 'silent' has no points to fit: its source publishes no loss"):
        family_points(small, "silent")
    with pytest.raises(Misuse, match="family 'sizeless' has no points to fit: its runs have a loss but no size"):
        family_points(small, "sizeless")


def test_families_are_counted_by_their_sizes(small: Corpus) -> None:
    assert families_with_points(small) == ["one", "three", "two"]
    assert families_with_points(small, sizes=2) == ["one", "pair", "three", "two"]
    assert families_with_points(small, sizes=6) == []


def test_losses_on_other_sets_stand_beside_the_canonical_one() -> None:
    """Gadre's runs have eight sets each; of OLMo's, only those count that both sizes were evaluated on."""
    with open_corpus(own_runs=False) as corpus:
        gadre, olmo = points_of_families(corpus, ["gadre-c4", "olmo"])
    assert len(gadre.other_sets) == 7
    assert np.isfinite(gadre[MEAN]).all()
    assert gadre[MEAN] == pytest.approx(np.mean([gadre[name] for name in ("loss", *gadre.other_sets)], axis=0))
    assert 5 < len(olmo.other_sets) < 22
    for size in olmo.sizes:
        assert np.isfinite(olmo[MEAN][olmo["params"] == size]).mean() > 0.4
    assert (gadre.architecture, gadre.varies) == ("decoder", "")
    assert set(olmo["schedule"]) == {"cosine", "linear"}
    assert np.isfinite(olmo["step"]).all()


def test_a_family_without_other_sets_has_no_mean(small: Corpus) -> None:
    points = family_points(small, "one")
    assert points.other_sets == ()
    assert MEAN not in points.columns
    assert points.final.sum() == len(points.runs)
    assert points.progress.max() == 1.0


def test_the_beginning_of_training_can_be_left_out() -> None:
    kept = drop(points(), early_tokens=2e8)
    assert kept["tokens"].tolist() == [2e8, 3e8]


def test_of_equal_losses_the_first_are_left_out() -> None:
    tied = points([1e6] * 4, [1e8, 2e8, 3e8, 4e8], loss=np.array([3.0, 5.0, 5.0, 5.0]))
    assert drop(tied, highest_losses=2)["tokens"].tolist() == [1e8, 4e8]


@given(st.lists(st.floats(0.1, 20), min_size=2, max_size=40), st.integers(0, 39))
def test_the_highest_losses_are_the_ones_left_out(losses: list[float], count: int) -> None:
    n = len(losses)
    count = min(count, n - 1)
    whole = points([1e6] * n, np.arange(1.0, n + 1), loss=np.array(losses))
    kept = drop(whole, highest_losses=count)
    assert len(kept) == n - count
    assert sorted(kept["loss"].tolist()) == sorted(losses)[: n - count]
    assert (np.diff(kept["tokens"]) > 0).all()


@pytest.mark.parametrize("options", [{"early_tokens": 1e12}, {"highest_losses": 3}])
def test_leaving_out_everything_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(Misuse, match="no point of 'some' remains: 3 were left out"):
        drop(points(), **options)


@pytest.mark.parametrize("early", [float("nan"), float("inf"), -1.0])
def test_a_number_of_tokens_that_is_none_is_refused(early: float) -> None:
    with pytest.raises(
        Misuse, match=f"early tokens are {early:g}; points with fewer are left out: give a number from 0"
    ):
        drop(points(), early_tokens=early)
