from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.analysis.optimal.closed_form import closed_form, published_frontier
from scalebook.analysis.published import published
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

from .made import TRUTH  # noqa: TID251 (this folder, not the package)


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with open_corpus() as opened:
        yield opened


@given(st.floats(0.1, 1.0), st.floats(0.1, 1.0), st.floats(10, 1e5), st.floats(10, 1e5), st.floats(17, 25))
def test_no_other_split_of_the_budget_is_better(
    alpha: float, beta: float, big_a: float, big_b: float, log_flops: float
) -> None:
    params, tokens = closed_form({"A": big_a, "B": big_b, "alpha": alpha, "beta": beta})
    flops = 10**log_flops
    best, spent = params.predict(flops), tokens.predict(flops)
    assert 6 * best * spent == pytest.approx(flops, rel=1e-9)
    assert params.slope + tokens.slope == pytest.approx(1)

    def reducible(n: np.ndarray) -> np.ndarray:
        return big_a * n**-alpha + big_b * (flops / (6 * n)) ** -beta

    assert (reducible(best * np.array([0.9, 1.1])) >= reducible(best)).all()


def test_draws_without_an_optimum_are_left_out() -> None:
    drawn = np.array([[482.0, 2085.0, 0.35, 0.36], [482.0, 0.0, 0.35, 0.36], [np.nan, 1.0, 0.3, 0.3]])
    params, tokens = closed_form(TRUTH, drawn=drawn)
    assert len(params.draws) == len(tokens.draws) == 1
    assert params.draws[0, 1] == pytest.approx(0.36 / 0.71)


@pytest.mark.parametrize("wrong", [{"A": 0.0}, {"beta": -0.1}, {"B": np.nan}])
def test_a_law_without_an_optimum_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(Misuse, match="takes positive A, B, alpha and beta"):
        closed_form(TRUTH | wrong)
    with pytest.raises(Misuse, match="A is None"):
        closed_form({"B": 1.0, "alpha": 0.3, "beta": 0.3})


def test_published_laws_by_name(corpus: Corpus) -> None:
    tex = published(corpus, "hoffmann2022-tex")
    assert tex.coefficients["A"] == pytest.approx(np.exp(6.0073404), rel=1e-12)
    assert (tex.paper, tex.form) == ("2203.15556", "L(N,D) = E + A/N^alpha + B/D^beta")
    assert published(corpus, "hoffmann2022-te").name == "hoffmann2022-tex"
    with pytest.raises(UnknownName, match=r"no published law named 'hoffmann2022'; .*\(all: hoffmann2022-approach1,"):
        published(corpus, "hoffmann2022")
    with pytest.raises(UnknownName, match="did you mean 'hoffmann2022-tex'"):
        published(corpus, "hofmann2022-tex")
    with pytest.raises(UnknownName):
        published(corpus, "")


def test_a_law_that_states_no_optimum_is_refused(corpus: Corpus) -> None:
    with pytest.raises(Misuse, match=r"kaplan2020-N .* states no optimal size: it has alpha_N, N_c"):
        published_frontier(corpus, "kaplan2020-N")
    frontier = published_frontier(corpus, "hoffmann2022-approach1")
    assert (frontier.a.value, frontier.status, frontier.family) == (0.5, "found", "hoffmann2022-approach1")
    assert np.isnan(frontier.at(1e21).extrapolation)
