"""The guide: what the whole corpus says about designing a forecast, for someone who trains models."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import pandas as pd

from scalebook.analysis.finding import Evidence, Finding, Shown, questions
from scalebook.analysis.protocols.sizes_and_fraction import MOST
from scalebook.analysis.results import BASELINES, MAIN_LAW, all_but_largest, forecasts, fullest
from scalebook.analysis.study import Study
from scalebook.corpus.database import Corpus

from .checklist import checklist
from .figures import effect_of_setting, error_grid, law_against_baselines
from .report import Block, Figure, Grid, Report, Section, Text


def guide(corpus: Corpus, study: Study) -> Report:
    """Build the guide.

    Parameters
    ----------
    corpus : Corpus
        Sources and families that are listed.
    study : Study
        Results; see `scalebook.analysis.study.study`.

    Returns
    -------
    Report
        Ready to be written as HTML and PDF.
    """
    findings = {name: questions[name].find(study.results) for name in questions}
    scale = _scale(corpus, study)
    newest = corpus.rows("select max(retrieved) from sources")[0][0]
    return Report(
        title="How far can small training runs be trusted?",
        subtitle="A guide to forecasting the loss of large language models, from the measurements of those who tried",
        date=newest if isinstance(newest, datetime.date) else datetime.date.min,
        summary=[scale, *(finding.claim for finding in findings.values())],
        sections=[
            Section("The error to expect", _expected(study.results)),
            *(_section(name, finding, study.results) for name, finding in findings.items()),
            Section("What failed, and why", _failures(study.results)),
            Section("Checklist for a scaling-law fit", [Text(CHECKLIST), checklist(study.results)]),
            Section("Families", [_families(corpus)]),
            Section("Sources and licences", [Text(SOURCES), _sources(corpus)]),
        ],
    )


CHECKLIST = (
    "What every fit should state, after (Mis)Fitting (Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969), and how the"
    " fits in this guide answer it."
)
SOURCES = (
    "Every number in the corpus names its source, file and place. Please cite the work that measured what you use."
)


def _scale(corpus: Corpus, study: Study) -> str:
    """How much evidence there is, counted now."""
    counts = corpus.rows(
        "select (select count(*) from families), (select sum(independent_runs) from families),"
        " (select count(*) from checkpoints), (select count(*) from metrics)"
    )[0]
    families, runs, checkpoints, values = (int(n) for n in counts)
    return (
        f"The corpus holds {families:,} families, {runs:,} independent runs, {checkpoints:,} checkpoints and {values:,}"
        f" published values. This guide fitted {study.laws_fitted:,} laws over {study.families:,} families."
    )


def _expected(results: pd.DataFrame) -> list[Block]:
    """The grid of errors over families."""
    rows = forecasts(results)
    ended = rows[(rows["fraction"] == 1.0) & (rows["sizes"] <= MOST)]
    by_sizes = ended.pivot(index="family", columns="sizes", values="are")
    by_fraction = forecasts(all_but_largest(results)).pivot(index="family", columns="fraction", values="are")
    order = rows.groupby("family")["are"].median().sort_values().index
    return [
        Text(
            "Each row is a family of models that differ in scale only. A law was fitted to its smallest sizes, and the"
            " loss of its largest model over the last 30 % of training was forecast."
        ),
        Figure(
            caption=(
                f"Absolute relative error, in per cent, of forecasts with the {MAIN_LAW} law. Left: by how many of the"
                " smallest sizes were seen. Right: by how much of their training was seen. A dot: no forecast, because"
                " the source has no such checkpoints or because they do not determine the law."
            ),
            svg=error_grid.draw(by_sizes.reindex(order), by_fraction.reindex(order)),
            alt="Heat map of forecast errors by family, number of sizes and share of training",
        ),
    ]


def _section(name: str, finding: Finding, results: pd.DataFrame) -> Section:
    """One finding: claim, caution, drawing, table."""
    blocks: list[Block] = [Text(finding.claim, role="claim")]
    if finding.caution:
        blocks.append(Text(finding.caution, role="caution"))
    blocks.extend(_drawing(name, finding, results))
    rests = f"Rests on {len(finding.rests_on)} families: {', '.join(finding.rests_on)}."
    blocks.append(
        _grid(finding.evidence, "Medians over families; intervals redraw groups of related families. " + rests)
    )
    return Section(finding.question, blocks)


def _drawing(name: str, finding: Finding, results: pd.DataFrame) -> list[Block]:
    """The drawing that belongs to a finding, if there is one."""
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
        tables = {law: forecasts(fullest(mine), law=law).set_index("family")["are"] for law in laws}
        drawn = law_against_baselines.draw(pd.DataFrame(tables))
        return [Figure("Each line is a family; marks further left are better.", drawn, "Errors of laws and baselines")]
    return []


def _failures(results: pd.DataFrame) -> list[Block]:
    """How many splits gave no forecast, by law and status."""
    fitted = results[~results["law"].isin(BASELINES)]
    counts = fitted.groupby(["law", "status"]).size().unstack(fill_value=0)
    columns: Mapping[str, Shown] = {
        "law": Shown("law"),
        **{status: Shown(str(status).replace("_", " "), "count") for status in counts.columns},
    }
    return [
        Text(
            "A fit that the data do not determine is a result, not a gap: it is counted here and takes no part in the"
            " medians above."
        ),
        _grid(Evidence(counts.reset_index(), columns), "Fits by law and status."),
    ]


def _grid(evidence: Evidence, caption: str) -> Grid:
    return Grid(
        caption=caption,
        header=[shown.label for shown in evidence.columns.values()],
        rows=evidence.printed(),
        numeric=[shown.style != "text" for shown in evidence.columns.values()],
    )


def _families(corpus: Corpus) -> Grid:
    rows = corpus.frame(
        "select family, architecture, data, loss_unit, sizes, independent_runs, checkpoints, min_params, max_params,"
        " max_tokens, source from families_summary where losses > 0 order by family"
    )
    evidence = Evidence(
        rows,
        {
            "family": Shown("family"),
            "data": Shown("training data"),
            "loss_unit": Shown("loss unit"),
            "sizes": Shown("sizes", "count"),
            "independent_runs": Shown("independent runs", "count"),
            "checkpoints": Shown("checkpoints", "count"),
            "min_params": Shown("smallest [params]", "si"),
            "max_params": Shown("largest [params]", "si"),
            "max_tokens": Shown("longest [tokens]", "si"),
            "source": Shown("source"),
        },
    )
    return _grid(evidence, "Families with a loss that a law may describe.")


def _sources(corpus: Corpus) -> Grid:
    rows = corpus.frame(
        'select source, title, licence, citation, values, repository, "commit" from sources left join'
        " (select source, count(*) as values from metrics group by source) using (source) order by source"
    )
    evidence = Evidence(
        rows,
        {
            "source": Shown("source"),
            "title": Shown("what it is"),
            "licence": Shown("licence"),
            "values": Shown("values", "count"),
            "citation": Shown("cite"),
        },
    )
    grid = _grid(evidence, "Sources, each at one commit of a public repository.")
    links = [f"https://github.com/{r.repository}/tree/{r.commit}" for r in rows.itertuples()]
    return Grid(grid.caption, grid.header, grid.rows, grid.numeric, links)
