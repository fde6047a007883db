"""A file that a user gives: looked at once, so that what recognises a format and what reads it see the same."""

from __future__ import annotations

import codecs
import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scalebook.corpus.errors import Misuse

#: So much of a file is looked at to recognise it; the head of a wide export may be long.
SAMPLE = 1 << 20

#: A JSON document must be held whole, at ten times its size.
JSON_LIMIT = 200 << 20

#: What a file of runs has, for those that hold nothing.
EXPECTED = "give columns run, params, tokens, loss, and one row per checkpoint"

#: Beginnings of files that must be unpacked or saved in another form first.
_FOREIGN = {
    b"\x1f\x8b": "is compressed with gzip: unpack it first (gunzip --keep)",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it first (unzstd)",
    b"PK\x03\x04": "is a zip file or an Excel sheet: unpack it, or save it as CSV",
    b"\xff\xfe": "is text in UTF-16: save it as UTF-8",
    b"\xfe\xff": "is text in UTF-16: save it as UTF-8",
}


@dataclass(frozen=True)
class Given:
    """A user's file and its beginning; it is only ever read.

    Parameters
    ----------
    path : path
        Where it is.
    start : bytes
        Its first bytes.
    size : int
        Bytes in all.
    """

    path: Path
    start: bytes
    size: int

    @classmethod
    def open(cls, file: Path | str) -> Given:
        """Look at a file.

        Raises
        ------
        Misuse
            If there is no such file, it may not be read, is empty, or is neither text nor Parquet.
        """
        path = Path(file)
        try:
            with path.open("rb") as opened:
                given = cls(path, opened.read(SAMPLE), path.stat().st_size)
        except IsADirectoryError:
            raise Misuse(f"{path} is a folder: name the files in it, such as {path}/*.csv") from None
        except FileNotFoundError:
            raise Misuse(f"{path}: there is no such file") from None
        except OSError as error:
            raise Misuse(f"{path} may not be read: {error.strerror or error}") from error
        for beginning, what in _FOREIGN.items():
            if given.start.startswith(beginning):
                raise Misuse(f"{path} {what}")
        if not given.is_parquet and not given.text.strip():
            raise Misuse(f"{path} is empty: {EXPECTED}")
        return given

    @property
    def is_parquet(self) -> bool:
        """Whether it begins as Parquet does."""
        return self.start.startswith(b"PAR1")

    @property
    def is_json(self) -> bool:
        """Whether it is JSON, as a document or as lines."""
        return not self.is_parquet and self.text.lstrip()[:1] in ("{", "[")

    @cached_property
    def text(self) -> str:
        """The beginning as text."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        try:
            text = decoder.decode(self.start, final=len(self.start) == self.size)
        except UnicodeDecodeError as error:
            what = "text in UTF-8" if b"\0" not in self.start else "text"
            raise Misuse(
                f"{self.path} is neither {what} nor Parquet (byte {error.start}): is it the right file?"
            ) from None
        if "\0" in text:
            raise Misuse(f"{self.path} is neither text nor Parquet: is it the right file?")
        return text

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Names in the first line of a table in text, as they stand there."""
        if self.is_parquet or self.is_json:
            return ()
        return tuple(next(csv.reader([self._first_line], delimiter=self.delimiter)))

    @cached_property
    def delimiter(self) -> str:
        """What stands between the values of a table in text."""
        return max(",\t;|", key=lambda d: len(next(csv.reader([self._first_line], delimiter=d))))

    @cached_property
    def document(self) -> Any:
        """The JSON document; None if the file is none, or holds lines of JSON.

        Raises
        ------
        Misuse
            If it is not valid JSON, or too large to be held whole.
        """
        if not self.is_json or self.first_rows:
            return None
        if self.size > JSON_LIMIT:
            raise Misuse(
                f"{self.path} is one JSON document of {self.size / 1e6:,.0f} MB, which must be held whole: write JSON"
                " Lines (one row per line), CSV or Parquet"
            )
        try:
            return json.loads(self.path.read_bytes().decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise Misuse(f"{self.path} is no valid JSON: {error}") from error

    @cached_property
    def first_rows(self) -> list[dict[str, Any]]:
        """Rows at the beginning of a file of JSON Lines; none if it is no such file."""
        lines = [line for line in self.text.splitlines() if line.strip()] if self.is_json else []
        if len(self.start) < self.size:
            lines = lines[:-1]  # it may be cut
        if len(lines) < 2 or not self._row(lines[0]):
            return []
        return [row for row in map(self._row, lines) if row]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, or of the fields of the first rows, of a table of any kind."""
        if self.is_parquet:
            import pyarrow as pa
            import pyarrow.parquet as pq

            try:
                return tuple(pq.read_schema(self.path).names)
            except (pa.ArrowException, OSError) as error:
                raise Misuse(f"{self.path} begins as Parquet but cannot be read: {error}") from error
        return self.header

    @property
    def _first_line(self) -> str:
        return next((line for line in self.text.splitlines() if line.strip()), "")

    @staticmethod
    def _row(line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError:
            return {}
        return row if isinstance(row, dict) else {}
