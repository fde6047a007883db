"""Published results beside ours, as a section of the guide and as the page docs/replications.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scalebook.analysis.replication import Row, missing, replicated, replications, summary
from scalebook.corpus.database import Corpus

from .report import Block, Grid, Text

HEADER = ("test", "published", "ours", "tolerance", "verdict", "place in the paper")
#: Replications that take longer, in seconds, are left to ``scalebook replicate`` when a report is made.
LONGEST = 10.0

INTRODUCTION = """# Replications

Written by `scalebook replicate --all --markdown > docs/replications.md`; a test checks that it says what the command
finds. Every row is a published number, with its place in the paper, beside the same number recomputed from the corpus.
One that cannot be reached has the verdict *differs* and a reason, and fails neither silently nor loudly: the exit code
is 1 only if a row differs without a recorded reason. `--json` prints differences and reasons for tolerances too.
"""


def number(value: float) -> str:
    """Six significant digits; nothing is called none."""
    return "none" if math.isnan(value) else f"{value:.6g}"


def cells(row: Row) -> list[str]:
    """A row as it is printed."""
    unit = "" if row.unit == "1" else f" [{row.unit}]"
    numbers = [number(value) for value in (row.published, row.ours, row.tolerance)]
    return [f"{row.test}{unit}", *numbers, row.verdict, row.place]


def reasons(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Reasons, each with the tests that differ for it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict == "differs":
            found.setdefault(row.reason or "no reason is recorded", []).append(row.test)
    return found


def page(found: Mapping[str, Sequence[Row]]) -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION]
    for name, rows in found.items():
        chosen, shown = replications[name], summary(rows)
        table = [HEADER, ["---"] * len(HEADER), *(cells(row) for row in shown)]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in table]
        parts.append(f"## {name}\n\n{chosen.paper}. {chosen.question}\n\n" + "\n".join(lines) + "\n")
        if behind := len(rows) - len(shown):
            parts.append(
                f"{behind} cells stand behind these counts; `scalebook replicate {name} --json` prints each.\n"
            )
        for reason, tests in reasons(shown).items():
            parts.append(f"* {'; '.join(tests)}: {reason}.\n")
    return "\n".join(parts)


def blocks(corpus: Corpus) -> list[Block]:
    """What the guide shows: papers whose sources are in the corpus, without the slow ones, which are named."""
    there = [entry for entry in replications.values() if not missing(corpus, entry)]
    quick = [entry for entry in there if entry.seconds <= LONGEST]
    if not quick:
        return []
    found = {entry.name: summary(replicated(corpus, entry.name)) for entry in quick}
    every = [row for rows in found.values() for row in rows]
    reached = sum(row.verdict == "reached" for row in every)
    slow = ", ".join(entry.name for entry in there if entry not in quick)
    told: list[Block] = [
        Text(
            f"Of {len(every)} published numbers in {len(found)} papers, {reached} come back within their tolerance from"
            " the corpus; for each of the others a reason is recorded, which scalebook replicate prints with the"
            f" difference.{f' Not in this table, because it takes longer: {slow}.' if slow else ''}"
        )
    ]
    body = [[name, *cells(row)] for name, rows in found.items() for row in rows]
    caption = (
        "Published numbers, recomputed. Tolerances have a reason each; places marked as remembered were not found."
    )
    told.append(Grid(caption, ["paper", *HEADER], body, [False, False, True, True, True, False, False]))
    why = [[name, reason, "; ".join(tests)] for name, rows in found.items() for reason, tests in reasons(rows).items()]
    told.append(Grid("Why numbers differ.", ["paper", "reason", "tests"], why, [False, False, False]))
    return told
