"""What ships as experience is what the corpus gives, and it keeps what it promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from scalebook.analysis.forecast.experience import (
    AUTO,
    LIKE,
    Design,
    Experience,
    Rehearsals,
    experience,
    from_json,
    to_json,
)
from scalebook.analysis.forecast.record import by_design, by_law
from scalebook.analysis.forecast.rehearsal import (
    LAWS,
    corpus_key,
    families,
    what_families_tell,
    with_experience,
    with_law,
)
from scalebook.analysis.points import Points
from scalebook.analysis.variants import law_named
from scalebook.corpus.database import open_corpus

#: Rehearsed again here; the rest is trusted to the hash of the corpus.
SAMPLE = ("gpt3", "cerebras-gpt", "gadre-c4", "llm-line-mamba", "haegele-openwebtext2-wsd", "routed-rl-r-8")


@pytest.fixture(scope="module")
def every() -> Sequence[Points]:
    with open_corpus(own_runs=False) as corpus:
        return families(corpus)


def _frame(told: Rehearsals) -> pd.DataFrame:
    return pd.DataFrame({**told.words, **told.numbers})


def test_it_was_made_from_this_corpus(every: Sequence[Points]) -> None:
    assert experience().corpus == corpus_key(every), "the corpus has changed: run `make experience`"


def test_a_sample_rehearsed_again_is_the_same(every: Sequence[Points]) -> None:
    """Six digits are kept, and searches end where little is left to gain: the same to a hundredth of its error."""
    kept = _frame(experience().rehearsals)
    for points in (points for points in every if points.family in SAMPLE):
        mine = kept[(kept["family"] == points.family) & kept["law"].isin([AUTO, LIKE])]
        again = pd.DataFrame(with_experience(points, experience().witnesses), columns=mine.columns)
        assert again["law"].tolist() == mine["law"].tolist()
        np.testing.assert_allclose(again["error"], mine["error"], rtol=1e-2, atol=1e-4, err_msg=points.family)
        np.testing.assert_allclose(again["sd"], mine["sd"], rtol=1e-2, atol=1e-4, err_msg=points.family)


def test_a_law_rehearsed_again_is_the_same(every: Sequence[Points]) -> None:
    kept = _frame(experience().rehearsals)
    some = [points for points in every if points.family in SAMPLE]
    again = pd.DataFrame(with_law(some, law_named("compute")), columns=kept.columns)
    mine = kept[(kept["law"] == "compute") & kept["family"].isin(SAMPLE)]
    assert len(again) == len(mine) > 10
    np.testing.assert_allclose(again["error"], mine["error"], rtol=1e-3, atol=1e-5)


def test_witnesses_of_a_sample_tell_the_same(every: Sequence[Points]) -> None:
    """Fewer families teach another prior, so that only the first round can be compared: families of one group."""
    some = [points for points in every if points.related == "gadre"]
    told = what_families_tell(some)
    assert {w.family for w in told["chinchilla"]} == {points.family for points in some}
    assert all(np.all(np.linalg.eigvalsh(w.information) > -1e-9) for w in told["chinchilla"])


def test_no_single_law_forecasts_better_than_all_weighed() -> None:
    """Median error over families, and over groups of related ones, of the largest model left out."""
    table = {row["law"]: row for row in by_law()}
    assert {AUTO, *LAWS} == table.keys()
    best = table.pop(AUTO)
    assert best["families"] >= 70
    assert best["median_ARE_families_alike"] < min(row["median_ARE_families_alike"] for row in table.values())
    by_group = "median_ARE_of_group_medians"
    assert best[by_group] < 0.5 * min(row[by_group] for row in table.values())


def test_intervals_of_other_groups_hold() -> None:
    """Each forecast is given the interval that all other groups teach; 90 % hold in 87 to 93 %."""
    table = {row["seen"]: row for row in by_design()}
    largest = table["all smaller sizes, three or more"]
    assert largest["forecasts"] == largest["families"] >= 70
    for row in (table["all designs"], table["three smaller sizes or more"], largest):
        assert 0.87 <= row["hold_groups_alike"] <= 0.93, row["seen"]
        assert 0.87 <= row["hold_forecasts_alike"] <= 0.93, row["seen"]
    assert largest["half_width_groups_alike"] < table["one smaller size"]["half_width_groups_alike"]


def test_no_two_means_of_the_same_forecasts_share_a_name() -> None:
    """The same 71 forecasts: families alike, the median of groups' medians, and weighed so that groups are alike."""
    by_laws = {name for name in by_law()[0] if name.startswith("median")}
    by_designs = {name for name in by_design()[0] if name.startswith("median")}
    assert (len(by_laws), len(by_designs)) == (2, 1)
    assert not by_laws & by_designs


def test_more_is_expected_of_what_is_unsure_erratic_or_far() -> None:
    rehearsals, design = experience().of(AUTO, Design(5, 8.0, 8.0)), Design(5, 8.0, 8.0)
    usual = rehearsals.expects(0.02, 0.02, design)
    assert rehearsals.expects(0.06, 0.02, design) > 1.3 * usual
    assert rehearsals.expects(0.02, 0.06, design) > 1.1 * usual
    assert rehearsals.expects(0.02, 0.02, Design(5, 64.0, 8.0)) > 1.2 * usual
    assert rehearsals.expects(0.02, np.nan, design) == pytest.approx(usual)  # nothing held out: its own deviation


def test_only_rehearsals_that_promised_as_much_are_evidence() -> None:
    rehearsals = experience().of(AUTO, Design(5, 8.0, 8.0))
    alike = rehearsals.alike(0.02)
    assert 0 < len(alike) < len(rehearsals)
    kept = np.abs(np.log(rehearsals.expected / 0.02)) <= np.log(2.0)
    assert alike.words["family"].tolist() == rehearsals.words["family"][kept].tolist()


def test_a_group_has_one_voice_however_many_families_it_has() -> None:
    words = {
        "family": np.array(["a", "b", "b", "c"], object),
        "related": np.array(["x", "x", "x", "y"], object),
        "law": np.array([AUTO] * 4, object),
    }
    numbers = {name: np.full(4, 4.0) for name in ("sizes", "params_ratio", "tokens_ratio", "share_seen")}
    numbers |= {"error": np.array([0.1, 0.2, 0.3, 0.4]), "sd": np.full(4, 0.1), "held_out": np.full(4, 0.1)}
    told = Rehearsals(words, numbers)
    np.testing.assert_allclose(told.weight, [0.5, 0.25, 0.25, 1.0])
    np.testing.assert_allclose(told.expected, np.average(numbers["error"], weights=told.weight), rtol=1e-3)
    assert told.reach(0.9) * told.expected[0] == pytest.approx(0.4)


def test_text_and_back() -> None:
    known = experience()
    again: Experience = from_json(to_json(known))
    assert to_json(again) == to_json(known)
