"""Every error a user can meet has one root; a message says what, which value, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScalebookError(Exception):
    """Root of all errors raised on purpose; the command line prints it without a traceback."""

    exit_code = 1


class Misuse(ScalebookError):
    """The call cannot be carried out as it was written: a wrong name, option, column or query."""

    exit_code = 2


class UnknownName(Misuse):
    """A name that no entry has.

    Examples
    --------
    >>> print(UnknownName("law", "chinchila", ["chinchilla", "compute"]))
    no law named 'chinchila'; did you mean 'chinchilla'? (all: chinchilla, compute)
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=1, cutoff=0.5)
        hint = next((f"; did you mean '{n}'?" for n in names if close and n.lower() == close[0]), "")
        shown = ", ".join(names[:30]) + (f", and {len(names) - 30} more" if len(names) > 30 else "")
        super().__init__(f"no {kind} named {name!r}{hint} (all: {shown})")


class BrokenTable(ScalebookError):
    """Rows that break what their table promises."""


class BrokenSource(ScalebookError):
    """A source's files are not the ones that its card names."""


class DamagedFile(ScalebookError):
    """A file of the corpus cannot be read."""


class NotPublishable(ScalebookError):
    """A corpus that others may not be given as it is."""


class HubFailure(ScalebookError):
    """The Hugging Face Hub refused, or could not be reached."""


class NoCluster(ScalebookError):
    """A Dask scheduler does not answer."""
