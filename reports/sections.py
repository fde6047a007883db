"""One finding as a section of a report: claim, verdict, rule, drawing, table."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from scalebook.analysis.calibration import coverage, held, standardised
from scalebook.analysis.finding import Evidence, Finding, Need, Shown
from scalebook.analysis.frontier import designs, frontier
from scalebook.analysis.protocols.sizes_and_fraction import MOST
from scalebook.analysis.results import all_but_largest, forecasts, fullest
from scalebook.analysis.verdict import FALSE

from .figures import budget, effect_of_setting, intervals, law_against_baselines
from .figures import coverage as coverage_figure
from .report import Block, Figure, Grid, Section, Text

#: Columns that hold an effect with its interval, in the order in which they are looked for.
EFFECTS = (("ratio", "ratio_low", "ratio_high"), ("factor", "low", "high"), ("ratio", "low", "high"))


def section(name: str, finding: Finding, results: pd.DataFrame) -> Section:
    """One finding."""
    blocks: list[Block] = [Text(finding.claim, role="claim")]
    if finding.caution:
        blocks.append(Text(finding.caution, role="caution"))
    if finding.published:
        said = f"Published: {finding.published.text} ({finding.published.place}.) Verdict: {finding.verdict}."
        blocks.append(Text(said, role="verdict"))
    if finding.rule:
        blocks.append(Text(finding.rule, role="rule"))
    blocks.extend(_drawing(name, finding, results))
    grid = grid_of(
        finding.evidence,
        "Medians within groups of related families, then over groups; intervals redraw groups.",
        note=f"Rests on {', '.join(finding.rests_on)}.",
    )
    return Section(finding.question, [*blocks, grid, effect(finding)], part="Evidence")


def effect(finding: Finding) -> Grid:
    """The effect that a finding is about, pooled as well, with how much groups differ."""
    row: dict[str, object] = {
        "value": finding.interval.value,
        "low": finding.interval.low,
        "high": finding.interval.high,
        "families": float(finding.interval.families),
        "groups": float(finding.interval.groups),
    }
    columns = {
        "value": Shown("effect", "number"),
        "low": Shown("90 % interval", "number", to="high"),
        "families": Shown("families", "count"),
        "groups": Shown("groups", "count"),
    }
    pooled = finding.pooled
    if pooled is not None and not math.isnan(pooled.low):
        names = {"pooled": pooled.value, "pooled_low": pooled.low, "pooled_high": pooled.high, "tau2": pooled.tau2}
        row |= {**names, "i2": pooled.i2, "p": pooled.p, "q": finding.q}
        columns |= {
            "pooled": Shown("pooled by random effects", "number"),
            "pooled_low": Shown("90 % interval ", "number", to="pooled_high"),
            "tau2": Shown("tau²", "number"),
            "i2": Shown("I²", "percent"),
            "p": Shown("p", "number"),
            "q": Shown("q over all findings", "number"),
        }
    return grid_of(Evidence(pd.DataFrame([row]), columns), "The effect that the answer and the verdict rest on.")


def verdict_counts(findings: Mapping[str, Finding]) -> Evidence | None:
    """How many published claims met which verdict; None where there are no claims."""
    counts = pd.Series([f.verdict for f in findings.values() if f.published]).value_counts().sort_index()
    if counts.empty:
        return None
    rows = pd.DataFrame({"verdict": ["all", *counts.index], "claims": [counts.sum(), *counts]})
    return Evidence(rows, {"verdict": Shown("verdict"), "claims": Shown("published claims", "count")})


def verdicts(findings: Mapping[str, Finding]) -> list[Block]:
    """All published claims at a glance: what was found and what follows for the claim."""
    told = [f for f in findings.values() if f.published]
    rows = pd.DataFrame(
        [
            {
                "claim": f.published.text,
                "place": f.published.place,
                "verdict": f.verdict,
                "value": f.interval.value,
                "low": f.interval.low,
                "high": f.interval.high,
                "families": f.interval.families,
                "groups": f.interval.groups,
                "q": f.q,
            }
            for f in told
            if f.published
        ]
    )
    counts = verdict_counts(findings)
    if counts is None:
        return []
    evidence = Evidence(
        rows,
        {
            "claim": Shown("published claim"),
            "place": Shown("where"),
            "verdict": Shown("verdict"),
            "value": Shown("effect", "number"),
            "low": Shown("90 % interval", "number", to="high"),
            "families": Shown("families", "count"),
            "groups": Shown("groups", "count"),
            "q": Shown("q", "number"),
        },
    )
    drawn = rows.assign(name=[f.question for f in told])
    return [
        Text(
            "A claim is supported when the whole interval of its effect lies where the claim holds, and contradicted"
            " when all of it lies elsewhere; an effect must also survive the control of false discoveries (q up to"
            f" {FALSE:g}). An effect below 1 is a smaller error; each section says of what."
        ),
        grid_of(counts, "Verdicts."),
        Figure(
            "Effects with 90 % intervals; dotted: no effect.",
            intervals.draw(drawn, "effect (factor)", [str(v) for v in rows["verdict"]]),
            "Effects on which the verdicts rest",
        ),
        grid_of(evidence, "Published claims, and what this corpus says of them."),
    ]


def _drawing(name: str, finding: Finding, results: pd.DataFrame) -> list[Block]:
    """The drawing that belongs to a finding."""
    mine = results[results["family"].isin(finding.rests_on)]
    if name == "how_many_sizes":
        ended = mine[(mine["fraction"] == 1.0) & (mine["sizes"] <= MOST)]
        table = forecasts(ended).pivot(index="sizes", columns="family", values="are")
        drawn = effect_of_setting.draw(table, finding.evidence.rows.set_index("sizes"), "smallest sizes seen")
        return [
            Figure("One grey line per family; n is the number of families.", drawn, "Error against number of sizes")
        ]
    if name == "how_much_training":
        table = forecasts(all_but_largest(mine)).pivot(index="fraction", columns="family", values="are")
        median = finding.evidence.rows.set_index("fraction")
        drawn = effect_of_setting.draw(table, median, "share of each small run's training that was seen", percent=True)
        return [Figure("One grey line per family; n is the number of families.", drawn, "Error against training seen")]
    if name == "law_against_baselines":
        laws = list(finding.evidence.rows["law"])
        grouped = {law: forecasts(fullest(mine), law=law).groupby("related")["are"].median() for law in laws}
        drawn = law_against_baselines.draw(pd.DataFrame(grouped))
        caption = "Each line is a group of related families, in the median; marks further left are better."
        return [Figure(caption, drawn, "Errors of laws and baselines")]
    if name == "do_intervals_hold":
        drawn = coverage_figure.draw(coverage(held(standardised(results, Need().protocol)), "related"))
        return [Figure("n is the number of forecasts of a group.", drawn, "Coverage of intervals by group of families")]
    if name == "what_a_flop_buys":
        tried = designs(results)
        drawn = budget.draw(tried, frontier(tried))
        return [Figure("A grey dot is a forecast of one family by one design.", drawn, "Error against compute")]
    return _effects(finding.evidence)


def _effects(evidence: Evidence) -> list[Block]:
    """Dots with intervals for a table that holds an effect; nothing for another."""
    name = next(iter(evidence.columns))
    for value, low, high in EFFECTS:
        if {value, low, high} <= set(evidence.rows.columns):
            rows = evidence.rows[evidence.rows[[value, low, high]].notna().all(axis=1)]
            told = pd.DataFrame(
                {
                    "name": [evidence.columns[name](row, name) for row in rows.to_dict("records")],
                    "value": rows[value].astype(float).to_numpy(),
                    "low": rows[low].astype(float).to_numpy(),
                    "high": rows[high].astype(float).to_numpy(),
                }
            )
            label = evidence.columns[value].label
            caption = f"By {evidence.columns[name].label}: {label}. Bars are 90 % intervals; dotted: no effect."
            return [Figure(caption, intervals.draw(told, label), caption)]
    return []


def grid_of(evidence: Evidence, caption: str, *, note: str = "") -> Grid:
    """A table of evidence."""
    return Grid(
        caption=caption,
        header=[shown.label for shown in evidence.columns.values()],
        rows=evidence.printed(),
        numeric=[shown.style != "text" for shown in evidence.columns.values()],
        note=note,
    )
