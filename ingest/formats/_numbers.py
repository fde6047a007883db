"""What the readers of tables say about numbers that are none, and about too many of them."""

from __future__ import annotations

import contextlib

from scalebook.corpus.errors import Misuse

from ..format import MAX_ROWS
from ..given import Given

_POWERS = {"k": "e3", "m": "e6", "b": "e9", "g": "e9", "t": "e12"}


def no_number(given: Given, name: str, place: str, value: str) -> Misuse:
    """Text where a number must be."""
    name = {"value": "loss"}.get(name, name)
    return Misuse(f"{given.path}: {name!r} in {place} is no number: {value!r}{hint(value)}")


def too_long(given: Given) -> Misuse:
    """More rows than are read."""
    return Misuse(
        f"{given.path} has more than {MAX_ROWS:,} rows: a law needs thousands of checkpoints, not millions; write every"
        " hundredth row to another file"
    )


def hint(text: str) -> str:
    """How to write a number that people write otherwise.

    Examples
    --------
    >>> hint("1.3B"), hint("1,5"), hint("1_000"), hint("ten")
    ('; write 1.3e9', '; write 1.5', '; write 1000', '')
    """
    plain = text.replace("_", "").replace(" ", "")
    scaled = plain[:-1] + _POWERS.get(plain[-1:].lower(), "?")
    for told in (scaled, plain, plain.replace(",", "."), plain.replace(",", "")):
        with contextlib.suppress(ValueError):
            float(told)
            return f"; write {told}"
    return ""
