"""The forecast for a user's target: the number, what its uncertainty is made of, and what such forecasts were worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scalebook.analysis.briefing import Briefing
from scalebook.analysis.finding import STYLES, Evidence, Shown
from scalebook.analysis.forecast.forecast import parts_shared

from .figures import fit_over_runs
from .figures import forecast as forecast_figure
from .report import Block, Figure, Text
from .runs_data import written_target
from .sections import grid_of

#: Groups of families that are listed.
MOST_GROUPS = 18
PARTS = {
    "coefficients": "coefficients",
    "form": "which law",
    "noise": "scatter of a run",
    "floor": "floor",
}
PARTS_SAID = (
    "What the uncertainty is made of: coefficients of each law, the disagreement of laws (and of ends and checkpoints),"
    " the scatter of one run, and a floor that no forecast was ever below. The last line is what the error"
    " that rehearsals teach to expect makes of them: the interval and the next runs below rest on it."
)
NONE_ALIKE = "No rehearsed forecast promised as large an error: how often this interval would hold is not known."
SHOWN = "with what rehearsals showed"


def _percent(known: Briefing) -> str:
    return f"{100 * known.forecasts.level:g} %"


def _ways(known: Briefing) -> Evidence:
    """The forecast, and the same by single laws."""
    told, unit = known.forecasts.told[0], known.points.unit
    rows = [{"way": "laws weighed (auto)", "loss": told.prediction, "low": told.low, "high": told.high, "why": ""}]
    for name, alone in known.alone.items():
        if isinstance(alone, str):
            rows.append({"way": f"{name} alone", "loss": np.nan, "low": np.nan, "high": np.nan, "why": alone})
        else:
            rows.append(
                {"way": f"{name} alone", "loss": alone.prediction, "low": alone.low, "high": alone.high, "why": ""}
            )
    columns = {
        "way": Shown("forecast by"),
        "loss": Shown(f"loss [{unit}]", "ratio"),
        "low": Shown(f"{_percent(known)} interval", "ratio", to="high"),
        "why": Shown("why not"),
    }
    return Evidence(pd.DataFrame(rows), columns)


def _target(known: Briefing) -> Evidence:
    told = known.forecasts.told[0]
    row = {
        "target": written_target(known),
        "loss": told.prediction,
        "low": told.low,
        "high": told.high,
        "size": told.params_ratio,
        "data": told.tokens_ratio,
        "flops": 6 * told.params * told.tokens,
    }
    columns = {
        "target": Shown("target"),
        "loss": Shown(f"loss [{known.points.unit}]", "ratio"),
        "low": Shown(f"{_percent(known)} interval", "ratio", to="high"),
        "size": Shown("size over the largest run", "factor"),
        "data": Shown("tokens over the longest run", "factor"),
        "flops": Shown("training [FLOP]", "number"),
    }
    return Evidence(pd.DataFrame([row]), columns)


def in_short(known: Briefing) -> str:
    """The forecast in a sentence."""
    table = _target(known)
    (key,) = table.rows["target"]
    said = f"{{target}} will reach a loss of {{loss}} {known.points.unit} ({_percent(known)} interval {{low}})."
    return table.say(said, **{name: (key, name) for name in ("target", "loss", "low")})


def blocks(known: Briefing) -> list[Block]:
    """Numbers, drawings, parts and laws."""
    found: list[Block] = [Text(in_short(known), role="claim"), grid_of(_target(known), "The target.")]
    found.append(_over_runs(known))
    parts = _parts(known)
    ways = _ways(known)
    found.append(
        Figure(
            "Left: the forecast to go by on top, single laws below it. Right: what the uncertainty is made of, as"
            " standard deviations of the logarithm of the loss.",
            forecast_figure.draw(
                ways.rows.rename(columns={"way": "name", "loss": "value"}),
                parts.rows[parts.rows["part"] != SHOWN].rename(columns={"part": "name"})[["name", "sd"]],
                unit=known.points.unit,
                level=known.forecasts.level,
            ),
            "Forecasts with intervals, and parts of the uncertainty",
        )
    )
    found.append(grid_of(ways, "The same by one law that is fitted to these runs and nothing else."))
    found.append(grid_of(parts, PARTS_SAID))
    found.append(grid_of(_laws(known), "Laws that take part. Weights come from what each foretold of held-out runs."))
    return [*found, *_held_out(known)]


def _over_runs(known: Briefing) -> Figure:
    points, told = known.points, known.forecasts.told[0]
    table = pd.DataFrame({name: points[name] for name in ("run", "params", "tokens", "loss")})
    target = pd.DataFrame(
        [{"params": told.params, "tokens": told.tokens, "loss": told.prediction, "low": told.low, "high": told.high}]
    )
    drawn = fit_over_runs.draw(table, known.curve, target, unit=points.unit, level=known.forecasts.level)
    return Figure("The forecast along training, for sizes that were trained and for the target.", drawn, "Forecast")


def _parts(known: Briefing) -> Evidence:
    """Parts of the uncertainty, and how far the interval was stretched."""
    told = known.forecasts.told[0]
    shares = parts_shared(told.parts)
    rows = [{"part": PARTS[name], "sd": sd, "share": shares[name]} for name, sd in told.parts.items()]
    total = float(np.sqrt(sum(sd**2 for sd in told.parts.values())))
    rows.append({"part": "together", "sd": total, "share": 1.0})
    rows = [{**row, "stretched": np.nan} for row in rows]
    rows[-1]["stretched"] = told.reach
    rows.append({"part": SHOWN, "sd": told.sd, "share": np.nan, "stretched": told.reach * total / told.sd})
    columns = {
        "part": Shown("part"),
        "sd": Shown("standard deviation", "percent"),
        "share": Shown("share of the variance", "percent"),
        "stretched": Shown(f"times this is half the {_percent(known)} interval", "number"),
    }
    return Evidence(pd.DataFrame(rows), columns)


def _laws(known: Briefing) -> Evidence:
    rows = [
        {
            "law": s.name,
            "weight": s.weight,
            "error": s.held_out_error,
            "coefficients": ", ".join(f"{name} {value:.4g}" for name, value in s.coefficients.items()),
        }
        for s in known.forecasts.shares
    ]
    columns = {
        "law": Shown("law, and what it was fitted to"),
        "weight": Shown("weight", "percent"),
        "error": Shown("held-out error", "percent"),
        "coefficients": Shown("coefficients"),
    }
    return Evidence(pd.DataFrame(rows), columns)


def _held_out(known: Briefing) -> list[Block]:
    """How the procedure foretold the runs at hand."""
    errors = known.forecasts.held_out
    if not errors:
        return []
    if known.forecasts.sizes == 1:
        rows = pd.DataFrame({"held": ["the second half of the run"], "error": list(errors)})
    else:
        sizes = [known.points["params"][known.points.level == k].max() for k in range(known.forecasts.sizes)]
        rows = pd.DataFrame({"held": [STYLES["si"](n) for n in sizes[-len(errors) :]], "error": list(errors)})
        rows = rows.drop_duplicates("held", keep="last")
    columns = {"held": Shown("held out"), "error": Shown("observed over foretold", "percent")}
    return [grid_of(Evidence(rows, columns), "Each size foretold from all smaller ones, by the same procedure.")]


def _record(known: Briefing) -> Evidence:
    """Rehearsals by group of families, and all together."""
    table = known.rehearsed.assign(are=known.rehearsed["error"].abs())
    grouped = table.groupby("related").agg(
        families=("family", "nunique"),
        rehearsals=("family", "size"),
        nearest=("ratio", "min"),
        furthest=("ratio", "max"),
        are=("are", "median"),
        held=("held", "mean"),
        weight=("weight", "sum"),
    )
    grouped = grouped.sort_values("weight", ascending=False).head(MOST_GROUPS).reset_index()
    told = known.forecasts.told[0]
    total = {
        "related": _all(known),
        "families": told.families,
        "rehearsals": told.rehearsals,
        "nearest": table["ratio"].min(),
        "furthest": table["ratio"].max(),
        "are": told.typical_error,
        "held": float(np.average(table["held"], weights=table["weight"])),
    }
    rows = pd.concat([grouped, pd.DataFrame([total])], ignore_index=True)
    columns = {
        "related": Shown("group of families"),
        "families": Shown("families", "count"),
        "rehearsals": Shown("rehearsals", "count"),
        "nearest": Shown("target over runs", "factor", to="furthest"),
        "are": Shown("typical error", "percent"),
        "held": Shown(f"intervals of {_percent(known)} that held", "percent"),
    }
    return Evidence(rows, columns)


def _all(known: Briefing) -> str:
    return f"all {known.forecasts.told[0].groups} groups"


def worth_in_short(known: Briefing) -> str:
    """The record in a sentence."""
    if not len(known.rehearsed):
        return NONE_ALIKE
    said = (
        "Rehearsed on {families} families of the corpus ({related} of related ones) whose end is known, forecasts"
        " of which about as large an error was to be expected were typically off by {are}."
    )
    return _record(known).say(said, **{name: (_all(known), name) for name in ("families", "related", "are")})


def worth(known: Briefing) -> list[Block]:
    """The record of forecasts like this one."""
    how = (
        "The same procedure forecast the largest model of every family of the corpus from its smaller ones, or from its"
        " own beginning. How large an error was to be expected follows from three things: how unsure the forecast is"
        " of itself, how far off it was where it foretold the runs at hand, and how far beyond them the target lies."
        " Errors over what was to be expected are alike in all of them, and the interval reaches as many times as far"
        " as held for the stated share, unrelated groups counting alike."
    )
    if not len(known.rehearsed):
        return [Text(NONE_ALIKE, role="caution"), Text(how)]
    caption = "Rehearsals that promised half to twice the error, by group of families that share authors or data."
    return [Text(worth_in_short(known), role="claim"), Text(how), grid_of(_record(known), caption)]
