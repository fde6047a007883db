"""``scalebook ingest``: from published files to the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scalebook.ingest.run import Ingested


@click.command("ingest")
@click.argument("sources", nargs=-1, metavar="[SOURCE ...]")
@click.option("--from", "local", type=click.Path(path_type=Path), help="Folder with local copies of the sources.")
@click.option("--into", type=click.Path(path_type=Path), help="Corpus folder to write; else the installed one.")
@click.option("--offline", is_flag=True, help="Never use the network; what cannot be had is skipped with a reason.")
@click.option("--check", is_flag=True, help="Write nothing: rebuild and compare with what is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    sources: tuple[str, ...], local: Path | None, into: Path | None, offline: bool, check: bool, as_json: bool
) -> None:
    """Build the corpus from its sources: verified files in, checked Parquet out, all or nothing per source.

    Files come from --from, else from SCALEBOOK_SOURCES, else from the public repository at the pinned commit; their
    sha256 must be the one on the card. A file of the corpus is rewritten only when its content changes.

    \b
    Examples:
      scalebook ingest --check
      scalebook ingest colpret-gpt3 --into ./my-corpus
    """
    from scalebook.corpus.database import data_folder
    from scalebook.ingest.run import ingest

    from ._output import echo_json

    def told(outcome: Ingested) -> None:
        if not as_json:
            click.echo(_line(outcome), err=not outcome.ok)

    done = ingest(sources, into or data_folder(), local=local, offline=offline, check=check, told=told)
    failed = [d for d in done if not d.ok]
    if as_json:
        echo_json([_record(d) for d in done])
    else:
        skipped = sum(bool(d.skipped) for d in done)
        word = "reproduced exactly" if check else "built"
        click.echo(f"{len(done) - len(failed) - skipped} sources {word}, {skipped} skipped, {len(failed)} failed")
    if failed:
        raise SystemExit(1)


def _line(outcome: Ingested) -> str:
    if outcome.error:
        return f"{outcome.source}: failed: {outcome.error}"
    if outcome.skipped:
        return f"{outcome.source}: skipped: {outcome.skipped}"
    parts = [f"{f.table} {f.rows:,} {f.state}" for f in outcome.files]
    return f"{outcome.source}: {', '.join(parts)}"


def _record(outcome: Ingested) -> dict[str, object]:
    files = [{"table": f.table, "rows": f.rows, "state": f.state} for f in outcome.files]
    return {
        "source": outcome.source,
        "ok": outcome.ok,
        "skipped": outcome.skipped or None,
        "error": outcome.error or None,
        "files": files,
    }
