"""How results are printed: plain tables for people, JSON for scripts."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import click

#: A list of numbers, broken into lines; a text never is.
_NUMBERS = re.compile(r"\[\n\s*-?[0-9][-+.eE0-9]*(?:,\n\s*-?[0-9][-+.eE0-9]*)*\n\s*\]")


def plain(value: object) -> Any:
    """A value that JSON can hold: not-a-number and infinity become null, dates ISO text, numpy scalars numbers."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, decimal.Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def echo_json(value: object) -> None:
    """Print a value as JSON; numbers of one list stand on one line."""
    told = json.dumps(plain(value), indent=1, allow_nan=False)
    click.echo(_NUMBERS.sub(lambda found: " ".join(found[0].split()), told))


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print rows with aligned columns; on a terminal as wide as it is, else as wide as needed."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    body = [[shown(v) for v in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in body) for i in range(len(columns))]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in body:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 1000
    console.print(table)


def shown(value: object) -> str:
    """A value as people read it: four significant digits, nothing for null.

    Examples
    --------
    >>> shown(1.75e11), shown(0.0123456), shown(None), shown("a"), shown(12)
    ('1.75e+11', '0.01235', '', 'a', '12')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True
