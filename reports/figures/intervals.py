"""Dots with intervals, one line each: factors on an error, on a logarithmic axis around no effect."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..drawing import BLUE, GREEN, GREY, RED, canvas, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: By verdict: colour and mark, so that colour alone carries nothing.
MARKS = {"supported": (GREEN, "o"), "contradicted": (RED, "X"), "not supported": (GREY, "s")}
#: Letters in a line of a name; the height that lines take, in inches.
LINE, HEIGHT = 40, 0.15


def draw(rows: pd.DataFrame, label: str, verdicts: Sequence[str] = ()) -> str:
    """Draw factors.

    Parameters
    ----------
    rows : DataFrame
        Columns ``name``, ``value``, ``low``, ``high``; the first row is drawn at the top. An unbounded end reaches the
        edge.
    label : str
        What the factor is of.
    verdicts : sequence of str
        One for each row, for marks; empty for none.
    """
    ends = rows[["value", "low", "high"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    least, most = (float(ends.min()) / 1.2, float(ends.max()) * 1.2) if len(ends) else (0.5, 2.0)
    names = [fill(str(name), LINE) for name in rows["name"]]
    lines = max((name.count("\n") + 1 for name in names), default=1)
    with canvas(7.2, 0.9 + (0.1 + HEIGHT * lines) * len(rows)) as (figure, (axes,)):
        axes.axvline(1.0, color="#57606a", linewidth=0.8, linestyle=":")
        for place, row in enumerate(rows.to_dict("records")):
            colour, mark = MARKS.get(verdicts[place], (BLUE, "D")) if verdicts else (BLUE, "o")
            low, high = np.clip([row["low"], row["high"]], least, most)
            axes.plot([low, high], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
            axes.plot([row["value"]], [place], color=colour, marker=mark, markersize=5, linestyle="none")
        _axis(axes, least, most)
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(label)
        for verdict in dict.fromkeys(verdicts):
            colour, mark = MARKS.get(verdict, (BLUE, "D"))
            axes.plot([], [], color=colour, marker=mark, linewidth=1.6, label=verdict)
        if verdicts:
            axes.legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1.0), frameon=False, borderpad=0)
        return svg(figure)


def _axis(axes: Axes, least: float, most: float) -> None:
    """A logarithmic axis of factors with ticks that people read."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(least, most)
    near = most / least < 2
    steps = [0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1] if near else [0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0]
    axes.xaxis.set_major_locator(FixedLocator(steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.xaxis.set_minor_locator(NullLocator())


def example() -> str:
    """The figure for the gallery, of made-up factors."""
    columns = {"value": [0.71, 1.05, 1.6, 0.9], "low": [0.6, 0.93, 1.2, 0.55], "high": [0.83, 1.2, 2.2, 1.5]}
    names = ["one more size", "twice the starts", "half the training", "another schedule"]
    verdicts = ["supported", "not supported", "contradicted", "not supported"]
    return draw(pd.DataFrame({"name": names, **columns}), "factor on the error", verdicts)
