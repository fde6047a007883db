"""The one verb of this folder: ingest sources into a corpus folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scalebook.corpus.errors import ScalebookError

from .build import Built, read, write
from .download import NotAtHand, fetch
from .memory import remember, remembered
from .source import SOURCES


@dataclass(frozen=True)
class Ingested:
    """Outcome for one source.

    Parameters
    ----------
    source : str
        Its name.
    files : tuple of Built
        One per table; empty when it was skipped or failed.
    skipped, error : str
        Why there is nothing, if so.
    """

    source: str
    files: tuple[Built, ...] = ()
    skipped: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Neither failed nor, when checking, different from what is committed."""
        return not self.error and all(f.state in ("written", "unchanged") for f in self.files)


def ingest(
    names: Sequence[str],
    into: Path,
    *,
    local: Path | None = None,
    offline: bool = False,
    check: bool = False,
    told: Callable[[Ingested], None] = lambda done: None,
) -> list[Ingested]:
    """Build sources into a corpus folder.

    Parameters
    ----------
    names : sequence of str
        Sources; empty means all.
    into : path
        Corpus folder.
    local : path, optional
        Folder with local copies of the files.
    offline : bool
        Never use the network; sources that cannot be had are skipped with a reason.
    check : bool
        Write nothing, and compare with what is there.
    told : callable
        Called after each source, for progress.

    Returns
    -------
    list of Ingested
        One per source, in order. One source's failure does not keep the others from being built.
    """
    done = []
    for source in [SOURCES[name] for name in (names or SOURCES)]:
        try:
            folder = fetch(source, local, offline=offline)
            files = () if check else remembered(source, into)
            if not files:
                files = tuple(write(source, read(source, folder), into, only_check=check))
            if not check:
                remember(source, into, list(files))
            outcome = Ingested(source.id, files)
        except NotAtHand as reason:
            outcome = Ingested(source.id, skipped=str(reason))
        except (ScalebookError, OSError) as error:
            outcome = Ingested(source.id, error=str(error))
        done.append(outcome)
        told(outcome)
    return done
