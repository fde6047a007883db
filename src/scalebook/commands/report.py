"""``scalebook report``: pages to read and to keep."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.group("report")
def command() -> None:
    """Write a report as HTML and PDF.

    \b
    Example:
      scalebook report guide -o build/guide
    """


@command.command("guide")
@click.option("--format", "formats", default="html,pdf", show_default=True, help="html, pdf or both.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    show_default=True,
    help="Folder for guide.html and guide.pdf.",
)
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes. [default: one per core]")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps results of studies.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def guide_command(formats: str, output: Path, jobs: int, cache: Path | None, as_json: bool) -> None:
    """The guide: runs the meta-analysis on the whole corpus and writes what follows from it.

    \b
    Example:
      scalebook report guide --format html -o ./out
    """
    from scalebook.analysis.asked import gather
    from scalebook.corpus.database import open_corpus
    from scalebook.reports.guide import guide
    from scalebook.reports.report import known_formats

    from ._output import echo_json
    from ._progress import progress

    chosen = known_formats([f.strip() for f in formats.split(",") if f.strip()])
    with open_corpus(own_runs=False) as corpus:
        with progress("fitting laws") as told:
            done = gather(corpus, jobs=jobs, cache=cache, told=told)
        files = guide(corpus, done).write(output, "guide", chosen)
    if as_json:
        summary = {"laws_fitted": done.laws_fitted, "families": done.families, "seconds": done.seconds}
        echo_json({**summary, "files": [str(f) for f in files]})
    else:
        click.echo(f"{done.laws_fitted:,} laws fitted over {done.families} families in {done.seconds:.1f} s")
        for file in files:
            click.echo(f"wrote {file} ({file.stat().st_size / 1e6:.2f} MB)")
