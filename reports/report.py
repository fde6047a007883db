"""A report is plain data: sections of blocks with formatted text. HTML and PDF are printed from the same data."""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scalebook.corpus.errors import UnknownName
from scalebook.corpus.files import write_atomically

FOLDER = Path(__file__).parent
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
    """A paragraph; `role` is ``"claim"`` for what a finding says and ``"caution"`` for what weakens it."""

    text: str
    role: str = "plain"
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
        Addresses for the cells of the first column; empty for none.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    links: Sequence[str] = ()
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


Block = Text | Grid | Figure | Checklist


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        """Its address within the page."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


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
        """One page that needs nothing but itself: styles and drawings are inside, no script, no network."""
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        style = (FOLDER / "assets" / "report.css").read_text(encoding="utf-8")
        return environment.get_template("report.html.jinja").render(report=self, style=style)

    def pdf(self) -> bytes:
        """The same as PDF, with outline, page numbers and embedded fonts."""
        import typst

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "report.typ").write_bytes((FOLDER / "templates" / "report.typ").read_bytes())
            (folder / "report.json").write_text(json.dumps(self._data(folder)), encoding="utf-8")
            content: bytes = typst.compile(str(folder / "report.typ"), root=str(folder))
        return content

    def _data(self, folder: Path) -> dict[str, object]:
        """The report as JSON; drawings become files beside it."""
        sections = []
        for i, section in enumerate(self.sections):
            blocks = []
            for j, block in enumerate(section.blocks):
                data = dict(vars(block))
                if isinstance(block, Figure):
                    data["svg"] = f"figure-{i}-{j}.svg"
                    (folder / data["svg"]).write_text(block.svg, encoding="utf-8")
                blocks.append(data)
            sections.append({"title": section.title, "blocks": blocks})
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "date": [self.date.year, self.date.month, self.date.day],
            "summary": list(self.summary),
            "sections": sections,
        }

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
