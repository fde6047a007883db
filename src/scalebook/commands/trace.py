"""``scalebook trace``: from a value back to the line that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scalebook.ingest.trace import Trace

_RELATIONS = {"equal": "equal to the stored value", "percent": "in percent, the stored value is a share"}


@click.command("trace")
@click.argument("metric_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(metric_id: str, as_json: bool) -> None:
    """Print where a value comes from: source, commit, file and its sha256, line or key, licence, citation.

    METRIC_ID is that of the view metric_ids, or an unambiguous beginning of it. With local copies of the sources
    (SCALEBOOK_SOURCES, or what `scalebook ingest` downloaded), the raw line is shown beside the stored value.

    \b
    Examples:
      scalebook sql "select metric_id, run, value from metric_ids where run = 'gpt3/175b' limit 3"
      scalebook trace b6be1d7b3c10
    """
    from scalebook.corpus.database import open_corpus
    from scalebook.ingest.trace import trace

    from ._output import echo_json

    with open_corpus() as corpus:
        found = trace(corpus, metric_id)
    if as_json:
        echo_json(found.as_dict())
    else:
        for name, text in _lines(found):
            click.echo(f"{name:<11} {text}")


def _lines(found: Trace) -> list[tuple[str, str]]:
    """The trace as people read it; what is not known is left out."""
    v = found.value
    stderr = "" if v["stderr"] is None else f" (standard error {v['stderr']!r})"
    metric = [v["metric"], v["task"], v["split"], None if v["shots"] is None else f"{v['shots']} shots"]
    step = None if v["step"] is None else f"step {v['step']:,}"
    tokens = None if v["tokens"] is None else f"{v['tokens']:.10g} tokens"
    lines = [
        ("metric_id", v["metric_id"]),
        ("value", f"{v['value']!r} {v['unit']}{stderr}"),
        ("metric", ", ".join(filter(None, metric))),
        ("run", f"{v['run']} (family {v['family']})" if v["family"] else v["run"]),
        ("checkpoint", ", ".join(filter(None, [step, tokens]))),
        ("how", v["how"].replace("_", " ")),
        ("source", f"{v['source']}: {v['title']}" if v["title"] else v["source"]),
        ("repository", v["repository"]),
        ("commit", v["commit"]),
        ("file", v["file"] + (" (an extract, not a file of the repository)" if v["extracted"] else "")),
        ("sha256", f"{found.sha256} (the local copy agrees)" if found.raw else found.sha256),
        ("line", v["line"]),
        ("key", v["key"]),
        ("url", found.url),
        ("licence", v["licence"]),
        ("citation", v["citation"]),
        *(("corrected", text) for text in found.corrections),
    ]
    if found.raw is None:
        lines.append(("raw", f"not shown: {found.no_raw}"))
    else:
        lines.append(("raw", found.raw.text))
        relation = _RELATIONS.get(found.raw.relation, "not the stored value itself, which is derived")
        lines.append(("compared", f"{found.raw.where}: {relation}" if found.raw.where else relation))
    return [(name, str(text)) for name, text in lines if text not in (None, "")]
