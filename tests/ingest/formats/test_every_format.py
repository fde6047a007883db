"""What holds for every format: a new one is tested here without an edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from scalebook.corpus.errors import Misuse
from scalebook.ingest import format as formats
from scalebook.ingest.format import FORMATS, Format, Sheet, recognise
from scalebook.ingest.given import Given

from .test_lm_eval import results
from .test_tables import written
from .test_trainer_state import state
from .test_wandb import CHART, HISTORY, document

File = Callable[..., Path]


@pytest.fixture
def examples(put: File, mine: pd.DataFrame) -> dict[str, list[Path]]:
    """Files of every format, by its name."""
    import json

    contents: dict[str, list[str | bytes]] = {
        "csv": [written(mine, form) for form in ("csv", "tsv", "txt")],
        "parquet": [written(mine, "parquet")],
        "jsonl": [written(mine, form) for form in ("json", "jsonl")],
        "wandb-chart": [CHART],
        "wandb-history": [HISTORY.to_csv(), HISTORY.to_parquet(), json.dumps(document("a", "b"))],
        "trainer-state": [state(), json.dumps(json.loads(state()), indent=2)],
        "lm-eval": [results()],
    }
    return {name: [put(c, f"{name}-{n}") for n, c in enumerate(some)] for name, some in contents.items()}


def test_each_is_recognised_by_its_content_and_by_no_other(examples: dict[str, list[Path]]) -> None:
    assert set(FORMATS) <= set(examples), "add an example of the new format"
    for name, files in examples.items():
        for file in files:
            claims = [n for n, form in FORMATS.items() if form.recognises(Given.open(file)) and not form.general]
            assert claims == ([] if FORMATS[name].general else [name])
            assert recognise(Given.open(file)) is FORMATS[name]


def test_a_format_may_be_named(examples: dict[str, list[Path]]) -> None:
    given = Given.open(examples["wandb-history"][0])
    assert recognise(given, "csv") is FORMATS["csv"]
    assert recognise(given, "wandb_hist") is FORMATS["wandb-history"]


def test_none_and_several_are_told(put: File, monkeypatch: pytest.MonkeyPatch) -> None:
    def format_(claim: bool) -> Format:
        return Format("a form", recognises=lambda given: claim, read=lambda given, asked: Sheet(None))

    given = Given.open(put())
    monkeypatch.setattr(formats, "FORMATS", {"one": format_(True), "two": format_(True), "three": format_(False)})
    with pytest.raises(Misuse, match="could be one or two: say which with --format"):
        recognise(given)
    monkeypatch.setattr(formats, "FORMATS", {"three": format_(False)})
    with pytest.raises(Misuse, match=r"is in no format that Scalebook reads \(three: a form\)"):
        recognise(given)


def test_every_title_is_short() -> None:
    assert all(5 < len(form.title) < 60 for form in FORMATS.values())
