"""A family of the corpus or a file of the user's: the data that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scalebook.corpus.errors import Misuse

if TYPE_CHECKING:
    from scalebook.analysis.points import Points
    from scalebook.ingest.format import Asked

F = TypeVar("F", bound=Callable[..., Any])

#: Endings by which a name is that of a file, whether or not there is one.
_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson")

_ABOUT_FILES = (
    click.option(
        "--column", "columns", multiple=True, metavar="OURS=THEIRS", help="Name of a column in the file, or a number."
    ),
    click.option(
        "--tokens-per-step", type=float, metavar="T", help="Tokens of one optimiser step, for files that count steps."
    ),
    click.option("--metric", metavar="NAME", help="What the losses in the file are. [default: loss]"),
    click.option("--trust", is_flag=True, help="Take sizes, tokens and losses in the file that look wrong."),
)


def about_files(command: F) -> F:
    """Options that say what a user's file does not say itself; `asked` takes them."""
    for option in reversed(_ABOUT_FILES):
        command = option(command)
    return command


def asked(
    columns: tuple[str, ...] = (),
    tokens_per_step: float | None = None,
    metric: str | None = None,
    trust: bool = False,
    params: tuple[str, ...] = (),
) -> Asked:
    """The options about files as one record."""
    from scalebook.ingest.format import Asked

    return Asked(columns_given(columns), tokens_per_step, _sizes(params), metric, trust)


def columns_given(pairs: tuple[str, ...]) -> dict[str, str]:
    """``--column ours=theirs`` as a mapping; an empty name means that there is no such column."""
    split = [pair.partition("=") for pair in pairs]
    if wrong := [pair for pair, (ours, sign, _) in zip(pairs, split, strict=True) if not (ours and sign)]:
        raise Misuse(f"--column {wrong[0]}: write ours=theirs, such as tokens=consumed_tokens")
    mapping = {ours.strip(): theirs.strip() for ours, _, theirs in split}
    if len(mapping) < len(pairs):
        raise Misuse("--column: one of the names is said twice")
    return mapping


def _sizes(told: tuple[str, ...]) -> float | dict[str, float] | None:
    """``--params N``, or ``--params RUN=N`` for each run."""
    named = {}
    for text in told:
        run, _, size = text.rpartition("=")
        try:
            named[run] = float(size)
        except ValueError:
            raise Misuse(f"--params {text}: write a number, such as 1.3e9, or RUN=1.3e9") from None
    if "" in named and len(told) > 1:
        raise Misuse("--params: give one number for all runs, or RUN=N for each")
    return named.get("", named or None)


def is_file(data: str) -> bool:
    """Whether a name is that of a file, whether or not there is one."""
    return Path(data).is_file() or Path(data).suffix.lower() in _ENDINGS or "/" in data


def points_of(data: str, file_options: Asked | None = None) -> Points:
    """Points of a file, if there is one of that name or it looks like one, else of a family."""
    points, notes = points_and_notes(data, file_options)
    for note in notes:
        click.echo(f"{data}: {note}", err=True)
    return points


def points_and_notes(data: str, file_options: Asked | None = None) -> tuple[Points, tuple[str, ...]]:
    """The same, with what reading the file had to say."""
    from scalebook.analysis.points import Points, family_points

    file_options = file_options or asked()
    if not is_file(data):
        if file_options != asked():
            raise Misuse(f"--column, --tokens-per-step, --metric and --trust are for files, and {data!r} is none")
        from scalebook.corpus.database import open_corpus  # a file asks no database

        with open_corpus() as corpus:
            return family_points(corpus, data), ()
    from scalebook.ingest.own_runs import losses, read_runs

    held, unit, notes = losses(read_runs(data, file_options))
    return Points(Path(data).name, held, unit), tuple(notes)
