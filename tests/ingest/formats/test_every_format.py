"""What holds for every format: a new one is tested here without an edit, on its files in ``examples/NAME``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.corpus.errors import Misuse
from scalebook.ingest import format as formats
from scalebook.ingest.format import COLUMNS, FORMATS, Asked, Format, Sheet, recognise
from scalebook.ingest.given import Given
from scalebook.ingest.own_runs import read_runs

EXAMPLES = sorted(file for file in (Path(__file__).parent / "examples").rglob("*") if file.is_file())
each_example = pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.name}")
#: What each of the examples leaves unsaid.
UNSAID = {
    "wandb-chart": Asked(tokens_per_step=1e6, params=1e8),
    "wandb-history": Asked(tokens_per_step=1e6, columns={"params": "1e8"}),
    "trainer-state": Asked(params=1e8),
}


def test_every_format_has_an_example() -> None:
    assert {file.parent.name for file in EXAMPLES} == set(FORMATS)


@each_example
def test_an_example_is_recognised_by_its_content_and_by_no_other(file: Path, put: Callable[..., Path]) -> None:
    given = Given.open(put(file.read_bytes(), "without-an-ending"))
    name = file.parent.name
    assert recognise(given) is FORMATS[name]
    assert [n for n, form in FORMATS.items() if form.recognises(given) and not form.general] in ([], [name])


@each_example
def test_an_example_is_read(file: Path) -> None:
    form = FORMATS[file.parent.name]
    asked = UNSAID.get(file.parent.name, Asked())
    table = form.read(Given.open(file), asked).table
    assert set(table.column_names) <= set(COLUMNS)
    assert {"run", "value"} <= set(table.column_names)
    rows = read_runs(file, asked).rows
    assert len(rows) > 0
    for row in range(len(rows)):
        assert rows.place(row).removeprefix(f"{file} ")  # every value says where it stands


@each_example
def test_what_nobody_asks_for_is_answered_in_words(file: Path) -> None:
    with pytest.raises(Misuse) as error:
        read_runs(file, Asked({"tokens": "no such column"}))
    assert str(file) in str(error.value) or "--column tokens=no such column" in str(error.value)


def test_a_format_may_be_named() -> None:
    given = Given.open(next(file for file in EXAMPLES if file.name == "history.csv"))
    assert recognise(given, "csv") is FORMATS["csv"]
    assert recognise(given, "wandb_hist") is FORMATS["wandb-history"]


def test_none_and_several_are_told(put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def form(claim: bool) -> Format:
        return Format("a form", recognises=lambda given: claim, read=lambda given, asked: Sheet(None))

    given = Given.open(put())
    monkeypatch.setattr(formats, "FORMATS", {"one": form(True), "two": form(True), "three": form(False)})
    with pytest.raises(Misuse, match="could be one or two: say which with --format"):
        recognise(given)
    monkeypatch.setattr(formats, "FORMATS", {"three": form(False)})
    with pytest.raises(Misuse, match=r"is in no format that Scalebook reads \(three: a form\)"):
        recognise(given)


def test_every_title_is_short() -> None:
    assert all(5 < len(form.title) < 60 for form in FORMATS.values())
