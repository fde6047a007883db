"""The front door of the command line: finds commands by their files, and turns errors into sentences."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import click

from scalebook import commands
from scalebook.corpus.errors import ScalebookError, UnknownName


class Commands(click.Group):
    """Commands are the modules of `scalebook.commands`; only the one that is called is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in alphabetical order."""
        return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(commands.__path__) if m.name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        if cmd_name not in self.list_commands(ctx):
            raise UnknownName("command", cmd_name, self.list_commands(ctx))
        command = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="scalebook", message="%(prog)s %(version)s")
def cli() -> None:
    """Evidence for scaling laws: an open corpus of training runs, fits with honest errors, and reports.

    \b
    Examples:
      scalebook sql "select family, sizes from families_summary order by sizes desc"
      scalebook fit gpt3 --law chinchilla
      scalebook report guide
    """


def main() -> None:
    """Run the command line; exit with 2 for misuse and 1 for failed work, with a sentence and no traceback."""
    try:
        cli(prog_name="scalebook")
    except ScalebookError as error:
        click.echo(f"scalebook: {error}", err=True)
        sys.exit(error.exit_code)
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        click.echo(f"scalebook: {error.encoding} output cannot hold {letter!a}; set PYTHONIOENCODING=utf-8", err=True)
        sys.exit(1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"scalebook: {error.strerror or error}{where}", err=True)
        sys.exit(1)
