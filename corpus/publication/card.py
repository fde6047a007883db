"""``README.md``: the dataset card that people read on the Hub, with the data dictionary and who is to be cited."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence

from ..columns import COLUMNS
from ..database import DICTIONARIES, TABLE_NAMES, VIEW_NAMES, view_meaning
from ..metric_names import METRICS
from ..tables import TABLES
from .content import DESCRIPTION, TITLE, Content
from .duckdb_file import STORAGE_VERSION

#: Names of licences on the Hub; every other one is "other" there, and the table of sources says which.
_HUB_LICENCES = {"mit", "apache-2.0", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "bsd-3-clause", "odc-by"}

_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))


def card(content: Content) -> str:
    """The card as Markdown with YAML in front."""
    rows = {name: table.num_rows for name, table in content.tables.items()}
    place = content.repository or "OWNER/NAME"
    return "\n".join(
        [
            *_front(content),
            f"# {TITLE}",
            f"\n{DESCRIPTION}\n",
            *_markdown(("table", "rows", "what it holds"), ((n, f"{k:,}", TABLES[n].meaning) for n, k in rows.items())),
            _LOAD.format(repository=place, storage=STORAGE_VERSION.removeprefix("v").removesuffix(".0")),
            *_markdown(
                ("view", "what it holds"), ((name, view_meaning(name)) for name in (*VIEW_NAMES, *DICTIONARIES))
            ),
            "\n## Sources, licences and citations\n",
            "Every row of every table leads to one of these sources, and keeps its licence. Cite the work that measured"
            " what you use.\n",
            *_markdown(
                ("source", "what it publishes", "values", "licence", "origin", "citation"),
                (
                    (s["source"], s["title"], f"{s['values']:,}", s["licence"], _origin(s), s["citation"])
                    for s in content.sources
                ),
            ),
            "\n## Data dictionary\n",
            "Unknown is null. The same name means the same thing in every table.\n",
            *_markdown(("column", "tables", "type", "unit", "meaning"), _dictionary()),
            "\n## Metrics\n",
            *_markdown(
                ("metric", "unit", "better", "meaning"),
                ((name, m.unit, m.better, m.meaning) for name, m in METRICS.items()),
            ),
            "",
        ]
    )


_LOAD = """
## How to load it

```python
from datasets import load_dataset
metrics = load_dataset("{repository}", "metrics", split="train")

import pandas as pd
runs = pd.read_parquet("hf://datasets/{repository}/data/runs.parquet")
```

`scalebook.duckdb` holds the same tables, and views over them, for DuckDB {storage} and later; `SHA256SUMS` has the hash
of every file; `datapackage.json` and `croissant.json` describe the tables to programs. With Scalebook
installed, `scalebook corpus pull {repository} --revision COMMIT` gets and verifies one revision.
"""


def _front(content: Content) -> list[str]:
    """The YAML; every text in it is also JSON, so that nothing needs quoting by other rules."""
    licences = dict.fromkeys(n.lower() if n.lower() in _HUB_LICENCES else "other" for n in content.licences)
    values = content.tables["metrics"].num_rows
    size = next((name for limit, name in _SIZES if values < limit), "n>10M")
    lines = ["---", f"pretty_name: {json.dumps(TITLE)}", "license:", *(f"- {name}" for name in licences)]
    if "other" in licences:
        lines.append('license_details: "every source keeps its own licence, see the table of sources"')
    lines += ["tags:", *(f"- {tag}" for tag in ("scaling-laws", "language-models", "evaluation", "meta-analysis"))]
    lines += ["size_categories:", f'- "{size}"', "configs:"]
    for name in content.tables:
        lines += [f"- config_name: {name}", f"  data_files: data/{name}.parquet"]
        lines += ["  default: true"] if name == "metrics" else []
    return [*lines, "---", ""]


def _origin(source: dict[str, object]) -> str:
    if not source["commit"]:
        return str(source["repository"])
    page = f"https://github.com/{source['repository']}/tree/{source['commit']}"
    return f"[{source['repository']} at {str(source['commit'])[:10]}]({page})"


def _dictionary() -> Iterable[tuple[str, str, str, str, str]]:
    held = {table: TABLES[table].columns for table in TABLE_NAMES}
    for name, column in COLUMNS.items():
        tables = [table for table, columns in held.items() if name in columns]
        if tables:
            yield name, " ".join(tables), column.type, column.unit, column.meaning


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; a bar or line break in a cell does not end it, and markup in it is text."""
    body = [[html.escape(" ".join(cell.split()), quote=False).replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body]]
