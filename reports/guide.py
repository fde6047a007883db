"""The guide: what the whole corpus says about designing a forecast, for someone who trains models."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from scalebook.analysis.asked import answers_to
from scalebook.analysis.finding import Evidence, Finding, Shown
from scalebook.analysis.protocols.sizes_and_fraction import MOST
from scalebook.analysis.results import BASELINES, MAIN_LAW, all_but_largest, forecasts
from scalebook.analysis.study import Study
from scalebook.corpus.database import Corpus

from .checklist import checklist
from .figures import error_grid
from .replications import blocks as replications
from .report import Block, Figure, Grid, Report, Section, Text
from .sections import grid_of, section, verdicts


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
    answers = answers_to(study.results)
    first = [name for name in KEY if name in answers.findings]
    findings = {name: answers.findings[name] for name in dict.fromkeys([*first, *answers.findings])}
    scale = _scale(corpus, study)
    published = replications(corpus)
    newest = corpus.rows("select max(retrieved) from sources")[0][0]
    return Report(
        title="How far can small training runs be trusted?",
        subtitle="A guide to forecasting the loss of large language models, from the measurements of those who tried",
        date=newest if isinstance(newest, datetime.date) else datetime.date.min,
        summary=[scale, *_told(findings), *(findings[name].claim for name in first)],
        sections=[
            Section("The error to expect", _expected(study.results)),
            *([Section("Published claims, and what became of them", claims)] if (claims := verdicts(findings)) else []),
            *(section(name, finding, study.results) for name, finding in findings.items()),
            *([Section("Not testable here", _unanswered(answers.unanswered))] if answers.unanswered else []),
            Section("What failed, and why", _failures(study.results)),
            Section("Checklist for a scaling-law fit", [Text(CHECKLIST), checklist(study.results)]),
            *([Section("Published results, recomputed", published)] if published else []),
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


#: What a reader in a hurry takes away, and reads first.
KEY = (
    "what_error_to_expect",
    "how_many_sizes",
    "which_law",
    "do_intervals_hold",
    "what_a_flop_buys",
    "what_makes_forecasts_wrong",
)


def _told(findings: Mapping[str, Finding]) -> list[str]:
    """How many published claims met which verdict."""
    counts = Counter(f.verdict for f in findings.values() if f.published)
    if not counts:
        return []
    told = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items(), key=lambda pair: str(pair[0])))
    return [f"Of {counts.total()} published claims that these results can speak to: {told}."]


def _unanswered(why: Mapping[str, str]) -> list[Block]:
    """Questions that these results hold no answer to."""
    rows = pd.DataFrame({"question": [name.replace("_", " ") + "?" for name in why], "why": list(why.values())})
    return [
        grid_of(Evidence(rows, {"question": Shown("question"), "why": Shown("why")}), "Questions without an answer.")
    ]


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
        grid_of(Evidence(counts.reset_index(), columns), "Fits by law and status."),
    ]


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
    return grid_of(evidence, "Families with a loss that a law may describe.")


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
    grid = grid_of(evidence, "Sources, each at one commit of a public repository.")
    links = [f"https://github.com/{r.repository}/tree/{r.commit}" for r in rows.itertuples()]
    return Grid(grid.caption, grid.header, grid.rows, grid.numeric, links)
