"""What the documents say can be done is done here, and what they name is looked up."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import pytest

from scalebook.analysis.fit import Status
from scalebook.cli import cli as front_door
from scalebook.corpus.database import open_corpus

ROOT = Path(__file__).resolve().parent.parent
#: What a reader follows; decisions tell what was, or was not taken, and are not held to name what is there.
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = [*GUIDES, *DECISIONS]
TEXT = {document: document.read_text(encoding="utf-8") for document in DOCUMENTS}
README = TEXT[ROOT / "README.md"]
each_guide = pytest.mark.parametrize("document", GUIDES, ids=lambda d: str(d.relative_to(ROOT)))
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))


class Said(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _as_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCALEBOOK_CORPUS", raising=False)
    monkeypatch.chdir(tmp_path)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


COMMANDS = [line.removeprefix("$ ") for b in blocks(README, "console") for line in b.splitlines() if line[:2] == "$ "]


def test_the_readme_shows_commands_and_code() -> None:
    assert len(COMMANDS) >= 8
    assert all(command.startswith("scalebook ") for command in COMMANDS)
    assert len(blocks(README, "python")) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(cli: Cli, command: str) -> None:
    said = cli(*shlex.split(command)[1:])
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()


def test_the_python_of_the_readme_works() -> None:
    (code,) = blocks(README, "python")
    known: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), known)
    *_, last = code.strip().splitlines()
    assert eval(last, known)["status"] == "converged"


def test_what_the_readme_says_about_five_points_is_so(cli: Cli) -> None:
    sentence = re.search(r"of its (\d+) digitised points.*?move `beta` from (\.\d+) to (\.\d+)", README, re.DOTALL)
    assert sentence is not None
    (command,) = [c for c in COMMANDS if "--drop-highest-losses 5" in c]
    words = shlex.split(command)[1:]
    without = json.loads(cli(*words).out)
    everything = json.loads(cli(*words[:-3], "--json").out)
    assert words[-3] == "--drop-highest-losses"
    assert str(everything["n_points"]) == sentence[1]
    assert f"{without['coefficients']['beta']['value']:.3f}" == f"0{sentence[2]}"
    assert f"{everything['coefficients']['beta']['value']:.3f}" == f"0{sentence[3]}"
    assert without["value"] == pytest.approx(1.0182740e-3, abs=1e-9)


def test_the_statuses_of_a_fit_are_all_in_the_readme() -> None:
    said = re.search(r"a\s+status: (.*?)\.\n", README, re.DOTALL)
    assert said is not None
    assert set(re.findall(r"`(\w+)`", said[1])) == set(get_args(Status))


def test_tables_and_views_of_the_readme_are_there() -> None:
    (table,) = re.findall(r"\| tables and views .*?\n\|[-|]*\n(.*?)\n\n", README, re.DOTALL)
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert {"sources", "families", "runs", "checkpoints", "metrics", "losses", "final_losses"} <= named
    with open_corpus() as corpus:
        assert named <= set(corpus.names)


# what documents name


def spoken(text: str) -> list[str]:
    """Every command in code, whether or not it is run here; without comments, and without what follows an ellipsis."""
    code = re.findall(r"^(?:\$ )?(scalebook [a-z].*)$", "\n".join(blocks(text, r"\w*")), re.MULTILINE)
    return code + re.findall(r"`(scalebook [a-z][^`]*)`", text)


@each_guide
def test_commands_and_options_are_there(document: Path) -> None:
    for line in spoken(TEXT[document]):
        words = shlex.split(line, comments=True)[1:]
        command: click.Command = front_door
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        assert {word for word in words if re.fullmatch(r"--?[a-z][\w-]*", word)} <= known, line


#: Files that a user makes, or that are made in the course of things; parts of names in capitals stand for any.
MADE = re.compile(r"[A-Z]{3,}|^build/|^\./|^my_runs|^\.venv|\*|^\.\.")


@each_guide
def test_files_and_folders_are_there(document: Path) -> None:
    for name in re.findall(r"`([\w./*-]+/[\w./*-]*|[\w-]+\.(?:py|md|toml|csv|sql))`", TEXT[document]):
        if MADE.search(name):
            continue
        near = [ROOT / name, document.parent / name, *(ROOT / top / name for top in ("corpus", "ingest", "analysis"))]
        assert any(place.exists() for place in near), f"{document.name} names {name}"


@each_guide
def test_make_targets_are_there(document: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join([*blocks(TEXT[document], r"\w*"), *re.findall(r"`([^`\n]*)`", TEXT[document])])
    assert set(re.findall(r"^make (\w+)", code, re.MULTILINE)) <= targets


@each_document
def test_settings_of_the_environment_are_read_somewhere(document: Path) -> None:
    code = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "src").glob("*/*/**/*.py"))
    folders = ("corpus", "ingest", "tests/benchmarks")
    code += "".join(f.read_text(encoding="utf-8") for top in folders for f in (ROOT / top).rglob("*.py"))
    for name in re.findall(r"SCALEBOOK_[A-Z]+", TEXT[document]):
        assert name in code


@each_document
def test_relative_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT[document]):
        assert (document.parent / target).exists(), target


def test_every_decision_has_a_number_of_its_own_and_a_title() -> None:
    assert len({file.name[:4] for file in DECISIONS}) == len(DECISIONS) > 0
    for file in DECISIONS:
        assert TEXT[file].startswith(f"# {int(file.name[:4])}. ")
