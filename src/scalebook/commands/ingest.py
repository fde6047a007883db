"""``scalebook ingest``: from published files to the corpus."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scalebook.corpus.errors import Misuse

from ._data import about_files, asked

if TYPE_CHECKING:
    from scalebook.ingest.own_build import OwnIngested
    from scalebook.ingest.run import Ingested


@click.command("ingest")
@click.argument("sources", nargs=-1, metavar="[SOURCE ...]")
@click.option("--from", "local", type=click.Path(path_type=Path), help="Folder with local copies of the sources.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write: a corpus, or one for own runs.")
@click.option("--offline", is_flag=True, help="Never use the network; what cannot be had is skipped with a reason.")
@click.option("--check", is_flag=True, help="Write nothing: rebuild and compare with what is there.")
@click.option("--runs", multiple=True, metavar="FILE", help="Your own runs; arguments after it are files too.")
@click.option("--family", metavar="NAME", help="What your runs are called in SQL. [default: as the file]")
@click.option("--params", multiple=True, metavar="N", help="Size of your runs, or RUN=N of each, if no column says it.")
@click.option("--format", "form", default="auto", show_default=True, metavar="NAME", help="Form of your files.")
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    sources: tuple[str, ...],
    local: Path | None,
    into: Path | None,
    offline: bool,
    check: bool,
    as_json: bool,
    **own: Any,
) -> None:
    """Build the corpus from its sources: verified files in, checked Parquet out, all or nothing per source.

    Files come from --from, else from SCALEBOOK_SOURCES, else from the public repository at the pinned commit; their
    sha256 must be the one on the card. A file of the corpus is rewritten only when its content changes.

    With --runs, your own runs join the corpus in every query, as one family: CSV, Parquet or JSON Lines with columns
    run, params, tokens and loss; exports of Weights & Biases; trainer_state.json; results of lm-evaluation-harness.
    They are kept in a folder of yours (SCALEBOOK_RUNS); the corpus and your files stay as they are.

    \b
    Examples:
      scalebook ingest --check
      scalebook ingest colpret-gpt3 --into ./my-corpus
      scalebook ingest --runs my_runs.csv --column tokens=consumed_tokens
      scalebook ingest --family sweep --tokens-per-step 524288 --params small=1e8 --params big=1e9 --runs chart.csv
    """
    if own["runs"]:
        if local is not None or offline:
            raise Misuse("--from and --offline are for sources, and --runs is for files of yours")
        _ingest_own([*own.pop("runs"), *sources], into, check, as_json, **own)
        return
    if said := [name for name, value in own.items() if value not in ((), None, False, "auto")]:
        option = {"columns": "column", "form": "format"}.get(said[0], said[0].replace("_", "-"))
        raise Misuse(f"--{option} is about files of yours: add --runs FILE")
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


def _ingest_own(
    files: list[str], into: Path | None, check: bool, as_json: bool, *, family: str | None, form: str, **said: Any
) -> None:
    """Own runs, and what became of them."""
    from scalebook.ingest.own_build import ingest_runs

    from ._output import echo_json

    done = ingest_runs(files, asked(**said), family=family, into=into, format=form, check=check)
    if as_json:
        echo_json({**dataclasses.asdict(done), "folder": str(done.folder)})
        return
    rows = done.rows
    click.echo(
        f"{done.family}: {rows['runs']:,} runs, {rows['checkpoints']:,} checkpoints, {rows['metrics']:,} values from"
        f" {len(files)} {'file' if len(files) == 1 else 'files'} ({'; '.join(done.formats)}); {_fate(done)}"
    )
    for note in done.notes:
        click.echo(f"note: {note}")
    if done.state != "checked":
        where = f"losses where family = '{done.family}'" if done.loss else f"metrics where source = '{done.source}'"
        click.echo(f'ask: scalebook sql "from {where}"')
    if done.loss and done.state != "checked" and into is None:
        click.echo(f"fit: scalebook fit {done.family} --law chinchilla")


def _fate(done: OwnIngested) -> str:
    if done.state == "checked":
        return "nothing was written"
    return f"{'unchanged' if done.state == 'unchanged' else 'written'} in {done.folder}"


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
