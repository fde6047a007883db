from __future__ import annotations

import datetime
import io
import re
from dataclasses import replace
from html import escape
from pathlib import Path

import pypdf
import pytest

import scalebook
from scalebook.analysis.asked import answers_to
from scalebook.analysis.finding import NoAnswer
from scalebook.analysis.study import Study, fitted
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import UnknownName
from scalebook.reports.guide import guide
from scalebook.reports.report import Checklist, Figure, Grid, Report, Section, Text

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


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d.,]*\d|\d", text)


def section(report: Report, title: str) -> Section:
    (found,) = [s for s in report.sections if s.title == title]
    return found


def grid(found: Section) -> Grid:
    (table,) = [b for b in found.blocks if isinstance(b, Grid)]
    return table


def claims(report: Report) -> list[tuple[str, Section]]:
    return [(b.text, s) for s in report.sections for b in s.blocks if isinstance(b, Text) and b.role == "claim"]


def test_every_finding_has_its_section(made: Report, small_study: Study) -> None:
    findings = answers_to(small_study.results).findings
    assert len(findings) > 10
    assert {text for text, _ in claims(made)} == {f.claim for f in findings.values()}
    for finding in findings.values():
        here = section(made, finding.question)
        assert grid(here).rows == finding.evidence.printed()
        assert all(family in grid(here).caption for family in finding.rests_on)
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


def test_the_summary_is_of_claims_that_stand_below(made: Report) -> None:
    below = {text for text, _ in claims(made)}
    told = [sentence for sentence in made.summary if sentence in below]
    assert len(told) >= 4
    assert len(made.summary) <= len(told) + 2, "besides them: how much evidence there is, and how many verdicts"


def test_every_number_in_a_claim_is_in_the_table_below_it(made: Report) -> None:
    assert len(claims(made)) > 10
    for claim, here in claims(made):
        printed = {n for row in grid(here).rows for cell in row for n in numbers(cell)}
        said = numbers(claim.replace("90 % interval", ""))
        assert said
        assert set(said) <= printed


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
    for status, count in tried["status"].value_counts().items():
        assert f"{count} fits {str(status).replace('_', ' ')}" in answers["What failed?"]
    factor = done["extrapolation_params"]
    validated = f"a factor of {factor.median():.2g} in N in the median, {factor.max():.2g} at most"
    assert validated in answers["How was it validated?"]


def test_text_from_a_source_is_never_markup(made: Report, pdf: pypdf.PdfReader) -> None:
    html = made.html()
    assert "<script" not in html
    assert escape(HOSTILE, quote=True).replace("&#x27;", "&#39;") in html
    assert "#strong[*books*] $x$" in "".join(page.extract_text() for page in pdf.pages).replace("\n", " ")


def test_the_page_refers_to_nothing_outside_but_the_sources(made: Report) -> None:
    html = made.html()
    for tag, attribute, value in re.findall(r"<([a-z:]+)[^>]*?\s((?:xlink:)?href|src|srcset)=\"([^\"]*)\"", html):
        assert value.startswith(("#", "data:image/png;base64,")) or (tag, attribute) == ("a", "href")
    sections = re.findall(r'<section id="([^"]+)">', html)
    assert sections == re.findall(r'<li><a href="#([^"]+)">', html)
    assert len(set(sections)) == len(made.sections)
    assert html.count("<svg") == sum(isinstance(b, Figure) for s in made.sections for b in s.blocks) > len(DRAWN)


def test_the_pdf_has_an_outline_the_claims_and_its_fonts(made: Report, pdf: pypdf.PdfReader) -> None:
    assert len(pdf.pages) > 2
    outline = [str(entry["/Title"]) for entry in pdf.outline if not isinstance(entry, list)]
    assert outline == [s.title for s in made.sections]
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    below = {claim for claim, _ in claims(made)}
    for sentence in made.summary:
        assert text.count(sentence) == 1 + (sentence in below), "in short, and above its table"
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
