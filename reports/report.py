"""A report is plain data: sections of blocks with formatted text. HTML and PDF are printed from the same data."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scalebook.corpus.errors import UnknownName
from scalebook.corpus.files import write_atomically

from .printed import as_page, as_pdf

FORMATS = ("html", "pdf")


def known_formats(names: Sequence[str]) -> tuple[str, ...]:
    """Names of formats, checked: to be asked before long work, not after it.

    Examples
    --------
    >>> known_formats(["pdf"])
    ('pdf',)
    """
    for name in names or ("",):
        if name not in FORMATS:
            raise UnknownName("format", name, FORMATS)
    return tuple(names)


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Parameters
    ----------
    text : str
        What it says.
    role : str
        ``"claim"`` for what a finding says, ``"caution"`` for what weakens it, and others that templates know.
    quoted : bool
        It repeats why something was refused: its numbers are the refusal's own, and stand in no table.
    """

    text: str
    role: str = "plain"
    quoted: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Grid:
    """A table of formatted text.

    Parameters
    ----------
    caption : str
        What it shows, as a sentence.
    header : sequence of str
        Headings, with units.
    rows : sequence of sequence of str
        Cells.
    numeric : sequence of bool
        Which columns are aligned as numbers.
    links : sequence of str
        Addresses for the cells of the first column; empty for none. One that begins with ``#`` is the anchor of a
        section of this report.
    note : str
        What only some readers want, such as a long list: folded away on a page, and not printed.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    links: Sequence[str] = ()
    note: str = ""
    kind: str = "grid"


@dataclass(frozen=True)
class Figure:
    """A drawing.

    Parameters
    ----------
    caption : str
        What it shows and how to read it.
    svg : str
        The drawing, without XML declaration.
    alt : str
        What it says, for those who cannot see it.
    """

    caption: str
    svg: str
    alt: str
    kind: str = "figure"


@dataclass(frozen=True)
class Checklist:
    """Questions that every fit must answer, and the answers."""

    items: Sequence[tuple[str, str]]
    kind: str = "checklist"


@dataclass(frozen=True)
class Explorer:
    """What a reader can try out; on a page only.

    Parameters
    ----------
    data : str
        JSON.
    code : str
        JavaScript that belongs to the data.
    """

    data: str
    code: str
    kind: str = "explorer"


Block = Text | Grid | Figure | Checklist | Explorer


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; sections of one `part` follow each other under a heading of their own."""

    title: str
    blocks: Sequence[Block]
    part: str = ""

    @property
    def anchor(self) -> str:
        """Its address within the page."""
        return anchor_of(self.title)


def anchor_of(title: str) -> str:
    """Address of a heading within the page.

    Examples
    --------
    >>> anchor_of("How many sizes, and how long?")
    'how-many-sizes-and-how-long'
    """
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


@dataclass(frozen=True)
class Report:
    """Findings in an order, for a reader.

    Parameters
    ----------
    title, subtitle : str
        What it is.
    date : datetime.date
        Day of the newest source, not of printing: the same corpus gives the same bytes.
    summary : sequence of str
        The sentences that a reader in a hurry takes away.
    sections : sequence of Section
        The body.
    """

    title: str
    subtitle: str
    date: datetime.date
    summary: Sequence[str]
    sections: Sequence[Section] = field(default_factory=tuple)

    def html(self) -> str:
        """One page that needs nothing but itself: styles, drawings and scripts are inside, and no network is used."""
        return as_page(self)

    def pdf(self) -> bytes:
        """The same as PDF, with outline, page numbers and embedded fonts."""
        return as_pdf(self)

    def write(self, folder: Path, name: str, formats: Sequence[str]) -> list[Path]:
        """Write the report in each format, whole or not at all.

        Returns
        -------
        list of Path
            The files.
        """
        made = {"html": lambda: self.html().encode(), "pdf": self.pdf}
        files = []
        for form in known_formats(formats):
            file = folder / f"{name}.{form}"
            write_atomically(file, made[form]())
            files.append(file)
        return files
