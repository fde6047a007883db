"""``scalebook corpus``: publish the corpus, and get a published one."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("corpus")
def command() -> None:
    """Export the corpus in common formats, push it to the Hugging Face Hub, pull a published revision.

    \b
    Examples:
      scalebook corpus export ./scalebook-corpus
      scalebook corpus pull someone/scalebook --revision 0123456789abcdef0123456789abcdef01234567
    """


@command.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--repo", "repository", default="", metavar="OWNER/NAME", help="Hub repository that the card names.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def export_command(folder: Path, repository: str, as_json: bool) -> None:
    """Write Parquet, a DuckDB file, datapackage.json, croissant.json, a dataset card and SHA256SUMS into DIR.

    DIR is made whole or not at all. It must be new or empty, or an earlier export that nobody changed. A corpus with a
    source that has no licence is refused. The corpus is that of SCALEBOOK_CORPUS, else the installed one; your own
    runs are not in it.

    \b
    Example:
      scalebook corpus export ./scalebook-corpus
    """
    from scalebook.corpus.database import data_folder
    from scalebook.corpus.publication.export import export

    from ._output import echo_json

    done = export(data_folder(), folder, repository)
    if as_json:
        echo_json({"folder": str(done.folder), "files": done.files, "rows": done.rows})
        return
    for path, size in done.files.items():
        click.echo(f"wrote {done.folder / path} ({size / 1e6:.2f} MB)")
    click.echo(", ".join(f"{name} {rows:,}" for name, rows in done.rows.items()))


@command.command("push")
@click.argument("repository", metavar="REPO")
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--message", default="Export of the corpus", show_default=True, help="Message of the commit.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def push_command(repository: str, private: bool, message: str, as_json: bool) -> None:
    """Export the corpus and upload it to the dataset repository REPO (owner/name) in one commit.

    The token is the one of `hf auth login`, or HF_TOKEN. The repository is made if need be; one that holds something
    else than an export is refused. Without changes, nothing is uploaded.

    \b
    Example:
      scalebook corpus push someone/scalebook --private
    """
    from scalebook.corpus.database import data_folder
    from scalebook.corpus.publication.hub import push

    from ._output import echo_json

    done = push(data_folder(), repository, private=private, message=message)
    if as_json:
        echo_json(vars(done))
    else:
        click.echo(f"{'pushed to' if done.changed else 'unchanged:'} {done.url}")
        click.echo(f"get it with: scalebook corpus pull {done.repository} --revision {done.revision}")


@command.command("pull")
@click.argument("repository", metavar="REPO")
@click.option("--revision", default="main", show_default=True, help="Commit; a branch or tag is resolved to one.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to make; else one in the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pull_command(repository: str, revision: str, into: Path | None, as_json: bool) -> None:
    """Download one revision of a published corpus, verify every file, and write a corpus folder.

    Each file must have the sha256 that the export's SHA256SUMS names, else nothing is written. A full commit as
    revision pins what you get, and needs no network the second time.

    \b
    Example:
      scalebook corpus pull someone/scalebook --into ./corpus
    """
    from scalebook.corpus.publication.hub import pull

    from ._output import echo_json

    done = pull(repository, revision, into)
    if as_json:
        echo_json(vars(done))
    else:
        click.echo(f"{done.repository} at commit {done.revision}")
        click.echo(f"{done.files} files verified, {done.rows:,} rows written to {done.folder}")
        click.echo(f"use it with: SCALEBOOK_CORPUS={done.folder} scalebook tables")
