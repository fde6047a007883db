"""Results of a study as tables: what SQL sees of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebook.analysis.kept import FINDING_COLUMNS, keep
from scalebook.analysis.protocol import protocols
from scalebook.analysis.result_columns import RESULT_COLUMNS
from scalebook.analysis.study import Study, fitted
from scalebook.corpus.database import open_corpus
from scalebook.corpus.errors import DamagedFile, Misuse, UnknownName
from scalebook.corpus.results import RESULTS, meanings, results_files

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(small_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    keep(small_study, folder)
    return folder


def test_predictions_are_the_rows_of_the_study(small_study: Study, small_folder: Path, folder: Path) -> None:
    with open_corpus(small_folder, results=folder) as corpus:
        rows = corpus.frame("from predictions")
        names = [name for name, _ in corpus.columns("predictions")]
    settings = {name for protocol in protocols.values() for name in protocol.settings}
    assert set(names) == set(RESULT_COLUMNS) | settings
    for name, column in small_study.results.items():
        known = column.notna()
        assert (rows[str(name)].notna() == known).all(), name
        assert rows[str(name)][known].tolist() == column[known].tolist(), name


def test_a_fit_is_one_row_whatever_it_forecast(small_study: Study, small_folder: Path, folder: Path) -> None:
    with open_corpus(small_folder, results=folder) as corpus:
        fits = corpus.frame("from fits")
        power = corpus.frame(
            "select fit, cast(coefficients->>'alpha' as double) as alpha from fits where law = 'chinchilla'"
        )
    assert not fits["fit"].duplicated().any()
    done = fitted(small_study.results)
    assert set(done["fit"]) <= set(fits["fit"])
    assert set(done["fit"]) == set(fitted(fits)["fit"])
    assert power["alpha"].notna().any()


def test_findings_say_what_they_rest_on(small_folder: Path, folder: Path) -> None:
    with open_corpus(small_folder, results=folder) as corpus:
        rows = corpus.frame("from findings order by finding").set_index("finding")
        assert [name for name, _ in corpus.columns("findings")] == list(FINDING_COLUMNS)
    assert {"how_many_sizes", "how_much_training", "law_against_baselines"} <= set(rows.index)
    assert (rows["low"] <= rows["value"]).all()
    assert rows["claim"].str.endswith(".").all()
    assert rows["groups"].to_dict()["how_many_sizes"] == 2
    assert str(rows["caution"].to_dict()["how_many_sizes"]).startswith("Rests on 2 independent groups")


@pytest.mark.parametrize("name", ["predictions", "findings"])
def test_every_column_carries_its_meaning(folder: Path, name: str) -> None:
    told = meanings(folder / f"{name}.parquet")
    assert all(meaning.endswith(".") for _, meaning in told.values())


def test_without_a_study_there_are_no_results_and_that_is_said(small_folder: Path, tmp_path: Path) -> None:
    with open_corpus(small_folder) as corpus:
        assert not set(RESULTS) & set(corpus.names)
        with pytest.raises(Misuse, match=r"fits: there are no results in .*; run: scalebook study --all"):
            corpus.rows("select * from fits")
        with pytest.raises(UnknownName):
            corpus.columns("fits")
    assert results_files(tmp_path) == {}
    with pytest.raises(
        Misuse, match=f"no results of a study in {tmp_path}; run: scalebook study --all --into {tmp_path}"
    ):
        open_corpus(small_folder, results=tmp_path)


def test_a_damaged_file_of_results_is_named(small_folder: Path, folder: Path, tmp_path: Path) -> None:
    for file in results_files(folder).values():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-50])
    with pytest.raises(DamagedFile, match="run: scalebook study --all"), open_corpus(small_folder, results=tmp_path):
        pass


def test_results_that_answer_nothing_are_kept_all_the_same(
    small_study: Study, small_folder: Path, tmp_path: Path
) -> None:
    nothing = small_study.results.assign(status="too_few_points")
    keep(Study(nothing, 0.0, 0), tmp_path)
    with open_corpus(small_folder, results=tmp_path) as corpus:
        assert corpus.rows("select count(*) from findings") == [(0,)]
        assert corpus.rows("select count(*) from predictions") == [(len(nothing),)]


def test_the_command_line_sees_the_latest_study(
    cli: Cli, small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))
    count = ("sql", "select count(*) as n, count(distinct objective) as o from predictions", "--format", "csv")
    assert cli(*count).code == 2
    words = ("study", "all_but_largest", "--jobs", "1", "--law", "chinchilla[beta=alpha]", "--objective", "lsq")
    done = cli(*words, "--objective", "huber-log")
    assert (done.code, done.err) == (0, "")
    assert 'scalebook sql "from findings"' in done.out
    assert cli(*count).out == "n,o\n12,2\n"
    assert "predictions" in cli("tables").out
    assert "share one fit" in cli("describe", "fits").out
    assert "the largest" in cli("describe", "findings").out or "verdict" in cli("describe", "findings").out
    elsewhere = tmp_path / "elsewhere"
    assert cli("study", "scale_down", "--families", "one", "--law", "last_seen", "--into", elsewhere).code == 0
    assert cli(*count).out == "n,o\n12,2\n"
    assert cli(*count, "--results", elsewhere).out == "n,o\n3,1\n"
