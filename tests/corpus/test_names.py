from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.corpus.errors import Misuse, UnknownName
from scalebook.corpus.names import Registry
from scalebook.corpus.table import Table
from scalebook.corpus.tables import TABLES
from scalebook.ingest.source import SOURCES


@pytest.fixture
def colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[str]]:
    """A registry of three texts, with a file that is no entry and one that is broken."""
    package = tmp_path / "colours_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("dark_red", "dark_blue", "green"):
        (package / f"{name}.py").write_text(f"COLOUR = {name!r}")
    (package / "_shared.py").write_text("raise RuntimeError('not an entry')")
    (package / "wrong.py").write_text("COLOUR = 5")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield Registry("colours_of_a_test", "COLOUR", str, separator="-")
    for name in [m for m in sys.modules if m.startswith("colours_of_a_test")]:
        del sys.modules[name]


def test_a_module_is_an_entry_and_listing_imports_none(colours: Registry[str]) -> None:
    assert list(colours) == ["dark-blue", "dark-red", "green", "wrong"]
    assert len(colours) == 4
    assert "green" in colours
    assert "shared" not in colours
    assert not [m for m in sys.modules if m.startswith("colours_of_a_test.")]


def test_a_new_file_is_a_new_entry(colours: Registry[str], tmp_path: Path) -> None:
    (tmp_path / "colours_of_a_test" / "pink.py").write_text("COLOUR = 'pink'")
    importlib.invalidate_caches()
    assert colours["pink"] == "pink"


@pytest.mark.parametrize("name", ["dark-red", "dark_red", "DARK-RED", "Dark_r", "dark-r"])
def test_case_dash_and_beginning_do_not_matter(colours: Registry[str], name: str) -> None:
    assert colours[name] == "dark_red"


@pytest.mark.parametrize("name", ["", "dark", "d", "red", "gren", "green-ish"])
def test_what_is_ambiguous_or_unknown_is_refused_with_all_names(colours: Registry[str], name: str) -> None:
    with pytest.raises(UnknownName, match=r"\(all: dark-blue, dark-red, green, wrong\)"):
        colours[name]


def test_a_misspelt_name_is_guessed(colours: Registry[str]) -> None:
    with pytest.raises(Misuse, match=r"no str named 'gren'; did you mean 'green'\?"):
        colours["gren"]


def test_a_module_without_its_constant_is_named(colours: Registry[str]) -> None:
    with pytest.raises(TypeError, match=r"colours_of_a_test\.wrong must hold COLOUR, a str"):
        colours["wrong"]


@settings(deadline=None)
@given(st.sampled_from(sorted(SOURCES)), st.data())
def test_every_source_is_found_however_it_is_written(name: str, data: st.DataObject) -> None:
    letters = data.draw(st.tuples(*[st.sampled_from([c, c.upper(), c.replace("-", "_")]) for c in name]))
    assert SOURCES["".join(letters)] is SOURCES[name]
    assert SOURCES[name].id == name


@settings(deadline=None)
@given(st.sampled_from(sorted(SOURCES)), st.integers(1, 40))
def test_a_beginning_finds_its_source_or_none_at_all(name: str, length: int) -> None:
    start = name[:length]
    same = [n for n in SOURCES if n.startswith(start)]
    if len(same) == 1 or start in same:
        assert SOURCES[start].id == (start if start in same else same[0])
    else:
        with pytest.raises(UnknownName):
            SOURCES[start]


def test_tables_are_found_by_name() -> None:
    assert all(isinstance(TABLES[name], Table) for name in TABLES)
    assert set(TABLES) >= {"sources", "families", "runs", "checkpoints", "metrics"}
