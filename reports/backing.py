"""Numbers in sentences, and the tables that they must stand in: a report checks itself before it is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.corpus.errors import ScalebookError

from .report import Block, Checklist, Figure, Grid, Report, Text

#: A number with its suffix, which does not belong to a name, an address or a date.
NUMBER = re.compile(r"(?<![\w.:/,\-])\d[\d.,]*(?:e[+-]?\d+)?(?:[kMBTx](?![A-Za-z]))?")
#: Works are cited by year and number; what they say stands in the table of claims.
CITED = re.compile(r"(?<![\w.,])(?:(?:\d{4}, )?arXiv:[\d.]+|(?:19|20)\d\d(?=\)))")


class Unbacked(ScalebookError):
    """A sentence of a report holds a number that stands in no table beside it."""


def numbers(text: str) -> list[str]:
    """Numbers of a text as they are printed; those that cite a work are none.

    Examples
    --------
    >>> numbers("In 1,930 cases of gpt3 (Li 2025, arXiv:2502.18969) it is 0.27x, 90 % of 1.5B.")
    ['1,930', '0.27x', '90', '1.5B']
    """
    found = NUMBER.findall(CITED.sub("", text))
    return [re.sub(r"[.,]+(?=[kMBTx]?$)", "", one) for one in found]


def checked(report: Report) -> Report:
    """The same report, if every number of its sentences stands in a table of its section.

    Numbers of the summary and of published claims may stand in any table; definitions, such as the level of an
    interval, may be used anywhere; what quotes a refusal claims nothing.
    """
    if missing := list(unbacked(report)):
        place, text, number = missing[0]
        raise Unbacked(f"{place}: {number!r} of the sentence {text!r} stands in no table beside it")
    return report


def unbacked(report: Report) -> Iterator[tuple[str, str, str]]:
    """Every number without a table: its section, its sentence, and itself."""
    defined = {n for s in report.sections for b in s.blocks if isinstance(b, Grid) and is_definition(b) for n in _of(b)}
    every = {n for s in report.sections for b in s.blocks if isinstance(b, Grid) for n in _of(b)}
    for sentence in report.summary:
        yield from (("In short", sentence, n) for n in numbers(sentence) if n not in every | defined)
    for section in report.sections:
        here = {n for b in section.blocks if isinstance(b, Grid) for n in _of(b)} | defined
        for block in section.blocks:
            allowed = here | every if isinstance(block, Text) and block.role == "verdict" else here
            for text in _texts(block):
                yield from ((section.title, text, n) for n in numbers(text) if n not in allowed)


def is_definition(grid: Grid) -> bool:
    """Whether a table says what words and levels of the report mean."""
    return list(grid.header[:2]) == ["what", "value"]


def _of(grid: Grid) -> set[str]:
    return {n for row in [grid.header, *grid.rows] for cell in row for n in numbers(cell)}


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        if not block.quoted:
            yield block.text
    elif isinstance(block, Figure):
        yield block.caption
        yield block.alt
    elif isinstance(block, Grid):
        yield block.caption
    elif isinstance(block, Checklist):
        for question, answer in block.items:
            yield question
            yield answer
