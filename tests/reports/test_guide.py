from __future__ import annotations

import datetime
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import pypdf
import pytest

import scalebook
from scalebook.analysis.asked import answers_to
from scalebook.analysis.calibration import coverage, held, standardised
from scalebook.analysis.finding import Finding, NoAnswer, Shown
from scalebook.analysis.study import Study, fitted
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import UnknownName
from scalebook.reports.backing import Unbacked, checked, numbers, unbacked
from scalebook.reports.guide import guide
from scalebook.reports.recommendations import KEY, OTHER, decision_path
from scalebook.reports.report import Checklist, Figure, Grid, Report, Section, Text

#: Headings of the guide of a corpus that no paper published.
PARTS = [
    "Recommendations",
    "The decision path",
    "Explore",
    "Evidence",
    "The corpus",
    "Method",
    "Checklist",
    "Limitations",
]
#: Findings that have a drawing of their own.
DRAWN = ("how_many_sizes", "how_much_training", "law_against_baselines", "do_intervals_hold", "what_a_flop_buys")
ROLES = ("caution", "rule", "verdict")
HOSTILE = "<script>alert('&')</script> #strong[*books*] $x$"


@pytest.fixture(scope="module")
def made(small_folder: Path, small_study: Study) -> Report:
    with open_corpus(small_folder) as corpus:
        return guide(corpus, small_study)


@pytest.fixture(scope="module")
def pdf(made: Report) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made.pdf()))


def section(report: Report, title: str) -> Section:
    (found,) = [s for s in report.sections if s.title == title]
    return found


def grids(found: Section) -> list[Grid]:
    return [b for b in found.blocks if isinstance(b, Grid)]


def grid(found: Section) -> Grid:
    (table,) = grids(found)
    return table


def usable_rule(finding: Finding) -> bool:
    return bool(finding.rule) and isfinite(finding.interval.low)


def flat(outline: Sequence[Any]) -> list[Any]:
    return [one for entry in outline for one in (flat(entry) if isinstance(entry, list) else [entry])]


def claims(report: Report) -> list[tuple[str, Section]]:
    return [(b.text, s) for s in report.sections for b in s.blocks if isinstance(b, Text) and b.role == "claim"]


def test_every_finding_has_its_section(made: Report, small_study: Study) -> None:
    findings = answers_to(small_study.results).findings
    assert len(findings) > 10
    assert {text for text, _ in claims(made)} == {f.claim for f in findings.values()}
    for finding in findings.values():
        here = section(made, finding.question)
        evidence, effect = grids(here)
        assert evidence.rows == finding.evidence.printed()
        assert evidence.note == f"Rests on {', '.join(finding.rests_on)}."
        assert effect.header[:4] == ["effect", "90 % interval", "families", "groups"]
        assert effect.rows[0][2:4] == [f"{finding.interval.families}", f"{finding.interval.groups}"]
        said = {role: [b.text for b in here.blocks if isinstance(b, Text) and b.role == role] for role in ROLES}
        assert said["caution"] == [finding.caution] != [""], "three families of two groups are few"
        assert said["rule"] == ([finding.rule] if finding.rule else [])
        assert bool(said["verdict"]) == bool(finding.published)
    for name in DRAWN:
        assert any(isinstance(b, Figure) for b in section(made, findings[name].question).blocks)


def test_a_question_without_an_answer_says_why(made: Report, small_study: Study) -> None:
    unanswered = answers_to(small_study.results).unanswered
    rows = grid(section(made, "Not testable here")).rows
    assert rows == [[name.replace("_", " ") + "?", why] for name, why in unanswered.items()]
    assert len(rows) > 0


def test_the_order_is_that_of_a_reader(made: Report) -> None:
    assert list(dict.fromkeys(s.part for s in made.sections)) == PARTS


def test_recommendations_come_first_and_lead_to_their_evidence(made: Report, small_study: Study) -> None:
    findings = answers_to(small_study.results).findings
    table = grid(made.sections[0])
    assert list(table.header[:2]) == ["question", "what to do"]
    assert table.header[-1] == "published claim"
    usable = [n for n in KEY if n in findings and findings[n].rule and isfinite(findings[n].interval.low)]
    assert [row[0] for row in table.rows] == [findings[n].question for n in usable]
    assert len(usable) > 5
    anchors = {f"#{s.anchor}": s for s in made.sections}
    for row, link, name in zip(table.rows, table.links, usable, strict=True):
        finding = findings[name]
        assert anchors[link].title == row[0]
        assert row[1].startswith(finding.rule)
        assert row[-1] == (finding.verdict or "none")
        effect = grids(anchors[link])[-1].rows[0]
        assert row[2:4] == effect[:2]
        assert row[5] == effect[3], "groups"


def test_every_rule_stands_at_one_decision(made: Report, small_study: Study) -> None:
    findings = answers_to(small_study.results).findings
    usable = [f.question for f in findings.values() if f.rule and isfinite(f.interval.low)]
    steps = [s for s in made.sections if s.part == "The decision path"]
    told = [row[0] for s in steps for row in grids(s)[0].rows]
    assert sorted(told) == sorted(usable)
    budget = [g for s in steps for g in grids(s)[1:]]
    assert [g.header[0] for g in budget] == ["compute of the forecast"]


def test_a_finding_that_no_step_names_is_told_all_the_same(small_study: Study) -> None:
    findings = answers_to(small_study.results).findings
    some = next(f for f in findings.values() if usable_rule(f))
    (only,) = decision_path({"a_new_question": some})
    assert only.title.endswith(OTHER)
    assert grid(only).rows[0][0] == some.question


def test_every_number_of_every_sentence_is_in_a_table(made: Report) -> None:
    assert list(unbacked(made)) == []
    told = [n for s in made.sections for b in s.blocks if isinstance(b, Text) for n in numbers(b.text)]
    assert len(told) > 100
    claim = next(b for s in made.sections for b in s.blocks if isinstance(b, Text) and b.role == "claim")
    for wrong in (f"{claim.text} It is 17.3 %.", claim.text.replace(numbers(claim.text)[0], "987")):
        spoilt = [
            replace(s, blocks=[replace(b, text=wrong) if b is claim else b for b in s.blocks]) for s in made.sections
        ]
        with pytest.raises(Unbacked, match=r"'(17\.3|987)' of the sentence .* stands in no table beside it"):
            checked(replace(made, sections=spoilt))
    with pytest.raises(Unbacked, match="In short: '31' of the sentence"):
        checked(replace(made, summary=[*made.summary, "Some 31 families."]))


def test_the_verdicts_are_counted_in_a_table(made: Report, small_study: Study) -> None:
    findings = answers_to(small_study.results).findings.values()
    verdicts = [f.verdict for f in findings if f.published]
    table = grids(section(made, "Published claims, and what became of them"))[0]
    counts = {row[0]: row[1] for row in table.rows}
    assert counts == {"all": f"{len(verdicts)}"} | {str(v): f"{verdicts.count(v)}" for v in set(verdicts)}
    for verdict, count in counts.items():
        assert verdict == "all" or f"{count} {verdict}" in made.summary[1]


def test_errors_and_coverage_of_every_family_are_printed(made: Report, small_study: Study) -> None:
    table = grid(section(made, "Forecasts and intervals by family"))
    shares = coverage(held(standardised(small_study.results, "sizes_and_fraction")))
    assert [row[0] for row in table.rows] == sorted(shares.index)
    for family, _, _, forecasts, before, _ in table.rows:
        assert int(forecasts) == shares["forecasts"][family]
        assert before == Shown("", "percent")({"v": shares.loc[family, "before_90"]}, "v")


def test_the_first_sentence_counts_the_evidence(made: Report, small: Corpus, small_study: Study) -> None:
    runs = sum(n for (n,) in small.rows("select independent_runs from families"))
    checkpoints, values = (small.rows(f"select count(*) from {t}")[0][0] for t in ("checkpoints", "metrics"))
    assert made.summary[0] == (
        f"The corpus holds 6 families, {runs} independent runs, {checkpoints} checkpoints and {values} published"
        f" values. This guide fitted {small_study.laws_fitted} laws over {small_study.families} families."
    )


def test_the_date_is_that_of_the_newest_source(made: Report) -> None:
    assert made.date == datetime.date(2024, 5, 6)


def test_families_and_sources_are_those_of_the_corpus(made: Report) -> None:
    families = grid(section(made, "Families"))
    assert [row[0] for row in families.rows] == ["one", "pair", "sizeless", "three", "two"], "silent has no loss"
    one = dict(zip(families.header, families.rows[0], strict=True))
    assert (one["smallest [params]"], one["largest [params]"], one["longest [tokens]"]) == ("10M", "1B", "40B")
    assert (one["sizes"], one["independent runs"], one["loss unit"]) == ("5", "5", "nats/token")
    sources = grid(section(made, "Sources and licences"))
    assert [row[:3] for row in sources.rows] == [["made-up", HOSTILE, "CC0-1.0"]]
    assert sources.links == [f"https://github.com/nobody/nowhere/tree/{'0' * 40}"]


def test_what_failed_is_counted(made: Report, small_study: Study) -> None:
    table = grid(section(made, "What failed, and why"))
    results = small_study.results
    tried = results[~results["law"].isin(["last_seen", "best_seen"])]
    assert sum(int(cell or 0) for row in table.rows for cell in row[1:]) == len(tried)
    by_hand = tried.groupby("law")["status"].value_counts().to_dict()
    printed = {
        (row[0], status.replace(" ", "_")): int(cell)
        for row in table.rows
        for status, cell in zip(table.header[1:], row[1:], strict=True)
        if int(cell)
    }
    assert printed == by_hand
    assert any(status == "not_identified" for _, status in printed)


def test_the_checklist_answers_with_what_these_fits_did(made: Report, small_study: Study) -> None:
    here = section(made, "Checklist for a scaling-law fit")
    (checklist,) = [b for b in here.blocks if isinstance(b, Checklist)]
    facts = {row[0]: row[1] for row in grid(here).rows}
    assert facts["families with a fit"] == f"{fitted(small_study.results)['family'].nunique()}"
    answers = dict(checklist.items)
    assert len(answers) == 10
    assert all(q.endswith("?") and a.endswith(".") and "nan" not in a for q, a in answers.items())
    forms = answers["Which form, with which free coefficients?"]
    assert "chinchilla (5 free coefficients: E, A, B, alpha, beta)" in forms
    assert "compute (3 free coefficients: E, C_0, a)" in forms
    assert "last_seen" not in forms
    done = fitted(small_study.results)
    runs = answers["Which runs: sizes, tokens per run, repetition?"]
    assert runs.startswith(
        f"{done['family'].nunique()} families; {done['points'].min():.0f} to {done['points'].max():.0f} points to a fit"
    )
    agreeing = 100 * (done["starts_agreeing"] / done["starts"]).median()
    assert f"{agreeing:.0f} % of the starts agree" in answers["Which objective, optimiser, tolerance, starts?"]
    tried = small_study.results[~small_study.results["law"].isin(["last_seen", "best_seen"])]
    once = tried.dropna(subset="fit").drop_duplicates("fit")["status"].value_counts()
    assert once["converged"] + once["not_identified"] == small_study.laws_fitted
    for status, count in once.items():
        assert f"{count} fits {str(status).replace('_', ' ')}" in answers["What failed?"]
    factor = done["extrapolation_params"]
    validated = f"a factor of {factor.median():.3g} in N in the median, {factor.max():.3g} at most"
    assert validated in answers["How was it validated?"]


def test_text_from_a_source_is_never_markup(made: Report, pdf: pypdf.PdfReader) -> None:
    html = made.html()
    inert = re.sub(r'<script type="application/json" id="explorer-data">[^<]*</script>', "", html)
    assert inert.count("<script") == 1, "only ours"
    assert "<script>window.formulas = " in inert
    assert escape(HOSTILE, quote=True).replace("&#x27;", "&#39;") in html
    assert "#strong[*books*] $x$" in "".join(page.extract_text() for page in pdf.pages).replace("\n", " ")


def test_the_page_refers_to_nothing_outside_but_the_sources(made: Report) -> None:
    html = made.html()
    for tag, attribute, value in re.findall(r"<([a-z:]+)[^>]*?\s((?:xlink:)?href|src|srcset)=\"([^\"]*)\"", html):
        assert value.startswith(("#", "data:image/png;base64,")) or (tag, attribute) == ("a", "href")
    sections = re.findall(r'<section id="([^"]+)">', html)
    assert sections == re.findall(r'<li><a href="#([^"]+)">', html)
    assert len(set(sections)) == len(made.sections)
    assert html.count("<svg ") == sum(isinstance(b, Figure) for s in made.sections for b in s.blocks) > len(DRAWN)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for name in re.findall(r"(?:href=\"#|url\(#)([^\")]+)", html):
        assert name in ids or name.startswith(("clip-", "explorer", "planner"))


def test_the_pdf_has_an_outline_the_claims_and_its_fonts(made: Report, pdf: pypdf.PdfReader) -> None:
    assert len(pdf.pages) > 2
    outline = [str(entry["/Title"]) for entry in flat(pdf.outline)]
    printed = [s for s in made.sections if s.part != "Explore"]
    expected = []
    for place, here in enumerate(printed):
        if place == 0 or here.part != printed[place - 1].part:
            expected.append(here.part)
        expected.append(here.title)
    assert outline == expected
    first = " ".join(pdf.pages[0].extract_text().split())
    assert all(sentence in first for sentence in made.summary)
    assert all(row[2] in first and row[3] in first for row in grid(made.sections[0]).rows), "one page of them"
    assert "Contents" in pdf.pages[1].extract_text()
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "pick-family" not in text
    assert "Explore" not in outline
    for claim, _ in claims(made):
        assert claim.replace("_", "_\u200b") in text or claim in text
    inside = [a.get_object() for page in pdf.pages for a in page.get("/Annots", [])]
    assert any("/Dest" in a or "/D" in a.get("/A", {}) for a in inside), "links within"
    assert any(a.get("/A", {}).get("/URI", "").startswith("https://github.com/") for a in inside)
    assert [page.extract_text().split()[-3:] for page in pdf.pages] == [
        [f"{n}", "/", f"{len(pdf.pages)}"] for n in range(1, len(pdf.pages) + 1)
    ]
    fonts = [f.get_object() for page in pdf.pages for f in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    descriptors = [f["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for f in fonts]
    assert all(any(key.startswith("/FontFile") for key in d) for d in descriptors)


def test_the_same_study_gives_the_same_bytes(made: Report, small: Corpus, small_study: Study) -> None:
    again = guide(small, replace(small_study, seconds=99.0, reused=7))
    assert again.html() == made.html()
    assert again.pdf() == made.pdf()


def test_a_corpus_that_answers_nothing_is_told_so(small: Corpus, small_study: Study) -> None:
    results = small_study.results.assign(status="not_identified")
    with pytest.raises(NoAnswer, match="these results answer no question: no family has a forecast"):
        guide(small, replace(small_study, results=results))


def test_the_front_door_writes_the_guide_and_leaves_the_corpus_open(
    small: Corpus, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, made: Report, small_study: Study
) -> None:
    assert len(small_study.results)
    monkeypatch.setenv("SCALEBOOK_CACHE", str(kept))
    (file,) = scalebook.report(tmp_path, formats=["html"], corpus=small)
    assert file.read_text(encoding="utf-8") == made.html()
    assert small.rows("select 1") == [(1,)]
    monkeypatch.setattr("scalebook.analysis.asked.gather", None)
    with pytest.raises(UnknownName, match=r"no format named 'docx' \(all: html, pdf\)"):
        scalebook.report(tmp_path, formats=["docx"], corpus=small)
