"""A format is how users' runs come: what recognises it, and a pure function from the file to columns of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scalebook.corpus.errors import Misuse
from scalebook.corpus.names import Registry

from .given import Given

#: So many rows are read at most: a law needs thousands, and memory must end somewhere.
MAX_ROWS = 3_000_000

#: What a sheet may hold, to its kind. ``key`` is the place in a file without lines.
COLUMNS: Mapping[str, str] = {
    "run": "text",
    "params": "number",
    "step": "number",
    "tokens": "number",
    "value": "number",
    "metric": "text",
    "task": "text",
    "split": "text",
    "shots": "number",
    "stderr": "number",
    "flops": "number",
    "seed": "number",
    "unique_tokens": "number",
    "learning_rate": "number",
    "peak_learning_rate": "number",
    "schedule": "text",
    "params_basis": "text",
    "flops_basis": "text",
    "tokenizer": "text",
    "unit": "text",
    "line": "number",
    "key": "text",
}


@dataclass(frozen=True)
class Asked:
    """What a user says about a file that the file does not say itself.

    Parameters
    ----------
    columns : mapping of str to str
        Our name to the file's name, with a factor (``"tokens_b*1e9"``), or to a number that holds for all rows.
    tokens_per_step : float, optional
        Tokens of one optimiser step, for files that count steps only.
    params : float or mapping of str to float, optional
        Size of every run, or of each by its name.
    metric : str, optional
        What the losses are, or which of several is the loss: a name of the metric dictionary.
    trusted : bool
        Take sizes, tokens and losses that look wrong.
    called : str
        What the user calls the values: the loss, or the benchmark whose scores they are.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    tokens_per_step: float | None = None
    params: float | Mapping[str, float] | None = None
    metric: str | None = None
    trusted: bool = False
    called: str = "loss"


#: Nothing is said.
NOTHING = Asked()


@dataclass(frozen=True)
class Sheet:
    """What one file says: one row per value.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of `COLUMNS`, at least ``run``, ``value``, and ``line`` or ``key``; text as plain or dictionary
        strings, numbers as float64, null where the file says nothing.
    loss : tuple of metric, task and split, optional
        Which of the values are the loss, where the format knows.
    step_tokens : bool
        The tokens were counted as steps times a number.
    notes : tuple of str
        What was left out, and why.
    """

    table: Any
    loss: tuple[str, str | None, str | None] | None = None
    step_tokens: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One form in which runs come.

    Parameters
    ----------
    title : str
        What it is, in a few words.
    recognises : callable
        Whether a file is in this form, judged by its content.
    read : callable
        The file, and what the user says about it, to a sheet.
    general : bool
        Any table of its kind would be recognised; asked only when no other format recognises the file.
    evaluations : bool
        It may hold scores without sizes and without a loss.
    """

    title: str
    recognises: Callable[[Given], bool]
    read: Callable[[Given, Asked], Sheet]
    general: bool = False
    evaluations: bool = False


FORMATS: Registry[Format] = Registry("scalebook.ingest.formats", "FORMAT", Format, separator="-")


def recognise(given: Given, name: str = "auto") -> Format:
    """The format of a file.

    Parameters
    ----------
    name : str
        Its name, or ``"auto"`` to judge by the content.

    Raises
    ------
    UnknownName
        If there is no format of that name.
    Misuse
        If the content is in none of the formats, or in several.
    """
    if name != "auto":
        return FORMATS[name]
    claims = {n: f for n, f in FORMATS.items() if f.recognises(given)}
    found = {n: f for n, f in claims.items() if not f.general} or claims
    if len(found) == 1:
        return next(iter(found.values()))
    known = "; ".join(f"{n}: {f.title}" for n, f in FORMATS.items())
    if not found:
        raise Misuse(f"{given.path} is in no format that Scalebook reads ({known})")
    raise Misuse(f"{given.path} could be {' or '.join(found)}: say which with --format")
