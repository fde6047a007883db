"""From a value of the corpus back to the line of the file that it came from."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scalebook.corpus.database import Corpus
from scalebook.corpus.errors import Misuse
from scalebook.corpus.own_runs import MINE

from .download import local_folders
from .evidence import Evidence, evidence
from .source import SOURCES, Source

_HOW_TO = 'get ids with: scalebook sql "select metric_id, run, metric, value from metric_ids limit 10"'

_COLUMNS = (
    "metric_id, value, unit, stderr, metric, task, split, shots, repeat, how, run, family, step, tokens, source, title,"
    ' repository, "commit", extracted, file, line, key, licence, citation'
)


@dataclass(frozen=True)
class Trace:
    """Where one value comes from.

    Parameters
    ----------
    value : mapping
        The row of ``metric_ids``, with the family of its run and the columns of its source.
    sha256 : str or None
        Hash of the file, from the source's card; None where there is no card of that commit.
    url : str or None
        The file at that commit, with the line; for files that are extracts, the repository at that commit.
    corrections : tuple of str
        What was corrected in the metrics of the source, and why.
    raw : Evidence or None
        What a local copy of the file holds there.
    no_raw : str
        Why `raw` is None.
    """

    value: dict[str, Any]
    sha256: str | None
    url: str | None
    corrections: tuple[str, ...]
    raw: Evidence | None
    no_raw: str

    def as_dict(self) -> dict[str, Any]:
        """One flat record, for JSON."""
        raw = None if self.raw is None else dataclasses.asdict(self.raw)
        corrections = list(self.corrections)
        return self.value | {
            "sha256": self.sha256,
            "url": self.url,
            "corrections": corrections,
            "raw": raw,
            "no_raw": self.no_raw or None,
        }


def trace(corpus: Corpus, metric_id: str) -> Trace:
    """Follow a value back to its file.

    Parameters
    ----------
    corpus : Corpus
        Where the value is.
    metric_id : str
        Its ``metric_id`` in the view ``metric_ids``, or an unambiguous beginning of it.

    Raises
    ------
    Misuse
        If no value or more than one has an id that begins so.
    """
    value = _row(corpus, metric_id.strip().lower())
    card = _card(value)
    sha256 = _own_sha256(corpus, value) if card is None else card.files.get(value["file"])
    raw, no_raw = _own(value, sha256) if value["source"].startswith(MINE) else _raw(card, value)
    fixes = () if card is None else tuple(c for c in card.corrections if c.table == "metrics")
    return Trace(
        value,
        sha256=sha256,
        url=_url(value),
        corrections=tuple(f"{c.action} where {c.where}: {c.reason} ({c.date})" for c in fixes),
        raw=raw,
        no_raw=no_raw,
    )


def _row(corpus: Corpus, metric_id: str) -> dict[str, Any]:
    if not re.fullmatch("[0-9a-f]{1,12}", metric_id):
        raise Misuse(
            f"{metric_id!r} is no metric_id: one has 12 digits of 0-9 and a-f, or is the start of one; {_HOW_TO}"
        )
    cursor = corpus.query(
        f"select {_COLUMNS} from metric_ids left join (select run, family from runs) using (run) left join"
        ' (select source, title, repository, "commit", extracted, licence, citation from sources) using (source)'
        " where starts_with(metric_id, ?) order by metric_id limit 6",
        [metric_id],
    )
    names = [name for name, *_ in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if len(found) > 1:
        shown = ", ".join(row["metric_id"] for row in found[:5]) + (", ..." if len(found) > 5 else "")
        raise Misuse(f"{metric_id!r} begins more than one metric_id: {shown}")
    if not found:
        raise Misuse(f"no metric_id begins with {metric_id!r}{_nearest(corpus, metric_id)}; {_HOW_TO}")
    return found[0]


def _card(value: dict[str, Any]) -> Source | None:
    """The source's card, unless the corpus was built from another commit than this version knows."""
    if value["source"] not in SOURCES:
        return None
    card = SOURCES[value["source"]]
    return card if (card.commit or None) == value["commit"] else None


def _nearest(corpus: Corpus, metric_id: str) -> str:
    """A question after a mistyped id: another one that is at most two letters away."""
    if len(metric_id) < 8:
        return ""
    near = corpus.rows(
        "select metric_id from metric_ids where levenshtein(metric_id, ?) <= 2 order by all limit 2", [metric_id]
    )
    return f"; did you mean {near[0][0]!r}?" if len(near) == 1 else ""


def _url(value: dict[str, Any]) -> str | None:
    if not value["commit"] or not re.fullmatch(r"[\w.-]+/[\w.-]+", value["repository"]):
        return None
    base = f"https://github.com/{value['repository']}"
    if value["extracted"]:
        return f"{base}/tree/{value['commit']}"
    text = not value["file"].endswith((".gz", ".parquet"))
    line = f"#L{value['line']}" if value["line"] and text else ""
    return f"{base}/blob/{value['commit']}/{quote(value['file'])}{line}"


def _raw(card: Source | None, value: dict[str, Any]) -> tuple[Evidence | None, str]:
    """What a local copy of the file holds, or why it is not shown."""
    if card is None or value["file"] not in card.files:
        return None, f"this version has no card of {value['source']} at that commit with that file"
    copies = [folder / value["file"] for folder in local_folders(card)]
    file = next((copy for copy in copies if copy.is_file()), None)
    if file is None:
        return None, "no local copy of the file; name a folder with copies of the sources in SCALEBOOK_SOURCES"
    if (found := _sha256(file)) != card.files[value["file"]]:
        return None, f"{file} has another sha256 ({found}) than the card says"
    shown = evidence(file, value["line"], value["key"], value["value"])
    return shown, "" if shown else f"{file} has no text at that place"


def _own_sha256(corpus: Corpus, value: dict[str, Any]) -> str | None:
    """Hash of a user's own file when it was ingested, which the note of its source tells."""
    if not value["source"].startswith(MINE):
        return None
    ((note,),) = corpus.rows("select note from sources where source = ?", [value["source"]])
    told = re.search(rf"(?:^|; ){re.escape(value['file'])} has sha256 ([0-9a-f]{{64}})", note or "")
    return told[1] if told else None


def _own(value: dict[str, Any], sha256: str | None) -> tuple[Evidence | None, str]:
    """What a user's own file holds, if it is as it was when it was ingested."""
    file = Path(value["repository"]) / value["file"]
    if not file.is_file():
        return None, f"{file} is not there any more"
    if sha256 not in (None, _sha256(file)):
        return None, f"{file} has changed since it was ingested"
    shown = evidence(file, value["line"], value["key"], value["value"])
    return shown, "" if shown else f"{file} has no text at that place"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
