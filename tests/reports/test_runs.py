"""The page that decides money: what it says of runs that a known law made, and of runs that say little."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.analysis.briefing import Briefing, brief
from scalebook.analysis.planner.front import plan
from scalebook.analysis.points import Points
from scalebook.corpus.errors import ScalebookError
from scalebook.reports.backing import numbers, unbacked
from scalebook.reports.report import Figure, Grid, Report, Section, Text
from scalebook.reports.runs import runs_report

DAY = datetime.date(2024, 5, 6)
HOSTILE = "<script>alert('&')</script> #strong[*books*] $x$"


def made(sizes: int, checkpoints: int = 6, seed: int = 0, name: str = "my_runs.csv") -> Points:
    rng = np.random.default_rng(seed)
    params = np.repeat(np.geomspace(3e7, 9e8, sizes) if sizes > 1 else np.array([3e8]), checkpoints)
    tokens = 25 * params * np.tile(np.arange(1, checkpoints + 1) / checkpoints, sizes)
    loss = (1.8 + 400 * params**-0.34 + 2000 * tokens**-0.36) * np.exp(0.002 * rng.normal(size=len(params)))
    run = np.array([f"{HOSTILE}-{n:.0f}" for n in params], object)
    return Points(name, {"run": run, "params": params, "tokens": tokens, "loss": loss})


@pytest.fixture(scope="module")
def known() -> Briefing:
    return brief(
        made(5), target_params=7e9, target_tokens=1.75e11, inference_tokens=1e12, notes=["2 rows were left out"]
    )


@pytest.fixture(scope="module")
def report(known: Briefing) -> Report:
    return runs_report(known, DAY)


def grids(report: Report, title: str) -> list[Grid]:
    (section,) = [s for s in report.sections if s.title == title]
    return [block for block in section.blocks if isinstance(block, Grid)]


def test_every_section_is_there(report: Report) -> None:
    assert [s.title for s in report.sections] == [
        "The forecast",
        "What such forecasts have been worth",
        "What to train before it",
        "What to train instead",
        "Risks",
        "The runs",
        "Checklist",
    ]
    assert report.title == "my_runs.csv: 7B parameters on 175B tokens"
    figures = [b for s in report.sections for b in s.blocks if isinstance(b, Figure)]
    assert len(figures) == 5


def test_it_says_what_was_computed(known: Briefing, report: Report) -> None:
    told = known.forecasts.told[0]
    assert f"{told.prediction:.4f}" in report.summary[0]
    assert f"{told.low:.4f} to {told.high:.4f}" in report.summary[0]
    truth = 1.8 + 400 * 7e9**-0.34 + 2000 * 1.75e11**-0.36
    assert told.low < truth < told.high
    assert list(unbacked(report)) == []


def test_parts_of_the_uncertainty_add_up(report: Report) -> None:
    (table,) = [g for g in grids(report, "The forecast") if g.header[0] == "part"]
    *parts, together, shown = table.rows
    assert sum(float(row[2].removesuffix(" %")) for row in parts) == pytest.approx(100, abs=1)
    assert together[2] == "100 %"
    assert shown[0] == "with what rehearsals showed"


@pytest.mark.parametrize("level", [0.9, 0.8])
def test_the_standard_deviation_is_one_number(level: float) -> None:
    report = runs_report(brief(made(4), target_params=7e9, target_tokens=1.75e11, level=level), DAY)
    (parts,) = [g for g in grids(report, "The forecast") if g.header[0] == "part"]
    sets = grids(report, "What to train before it")[-1]
    now = sets.header.index("forecast's standard deviation now")
    assert {row[now] for row in sets.rows} == {parts.rows[-1][1]}


def test_the_plan_serves_cheaper_than_the_target(report: Report) -> None:
    table = grids(report, "What to train instead")[0]
    names = [row[0] for row in table.rows]
    assert names == ["your target", "compute-optimal, equal loss", "plan"]
    over = {row[0]: float(row[table.header.index("over the target's")].removesuffix("x")) for row in table.rows}
    assert over["your target"] == 1.0
    assert over["plan"] <= min(over.values())


@pytest.mark.parametrize("sizes", [5, 2])
def test_the_plan_names_its_law_and_is_that_of_scalebook_plan(sizes: int) -> None:
    points = made(sizes)
    report = runs_report(brief(points, target_params=7e9, target_tokens=1.75e11), DAY)
    models, *_, rests, _ = grids(report, "What to train instead")
    facts = {row[0]: row[1] for row in rests.rows}
    if sizes == 2:
        assert facts["law"].endswith("under the prior of the corpus, as these runs alone do not determine it")
        with pytest.raises(ScalebookError, match="nothing to plan with"):
            plan(points, loss=2.2)
        return
    assert facts["law"] == f"chinchilla fitted to my_runs.csv: {len(points)} points of 5 runs"
    again = plan(points, loss=float(facts["loss of the target, by this law"].split()[0]), level=0.9)
    told = dict(zip(models.header, models.rows[-1], strict=True))
    assert float(told["parameters"].removesuffix("B")) == pytest.approx(again.plan.params / 1e9, rel=0.01)
    assert float(told["tokens"].removesuffix("B")) == pytest.approx(again.plan.tokens / 1e9, rel=0.01)


def test_checkpoints_tell_size_from_data(report: Report) -> None:
    said = "size and data cannot be told apart"
    assert said not in " ".join(row[0] for row in grids(report, "Risks")[0].rows)
    ends = runs_report(brief(made(4, 1)), DAY)
    assert f"all points have about 25 tokens per parameter: {said}" in " ".join(
        row[0] for row in grids(ends, "Risks")[0].rows
    )
    facts = {row[0]: row[1] for row in grids(report, "The runs")[0].rows}
    assert facts["tokens per parameter at the end"] == "25"
    assert facts["tokens per parameter after the transient"] == "4.17 to 25"


def test_next_runs_leave_the_forecast_surer(report: Report) -> None:
    table = grids(report, "What to train before it")[-1]
    now, after = (table.header.index(name) for name in ("forecast's standard deviation now", "after"))
    best = table.rows[0]
    assert float(best[after].removesuffix(" %")) < float(best[now].removesuffix(" %"))


def test_notes_of_the_file_are_told(report: Report) -> None:
    assert ["2 rows were left out"] in [list(row) for g in grids(report, "The runs") for row in g.rows]


def test_markup_in_names_is_text(report: Report) -> None:
    page = report.html()
    assert "<script>alert('&')" not in page
    assert "&lt;script&gt;" in page


def test_same_runs_same_bytes(known: Briefing, report: Report) -> None:
    again = runs_report(known, DAY)
    assert again.html() == report.html()
    assert again.pdf() == report.pdf()


@pytest.mark.parametrize(("sizes", "checkpoints"), [(1, 1), (1, 8), (2, 1), (3, 1)])
def test_few_runs_have_a_page_that_says_so(sizes: int, checkpoints: int, tmp_path: Path) -> None:
    known = brief(made(sizes, checkpoints), inference_tokens=0)
    report = runs_report(known, DAY)
    risks = " ".join(row[0] for row in grids(report, "Risks")[0].rows)
    assert f"there are {sizes} sizes" in risks
    assert any("is assumed" in note for note in known.notes)
    (file,) = report.write(tmp_path, "page", ["pdf"])
    assert len(pypdf.PdfReader(file).pages) >= 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget_flops": 1e10}, "No next run is proposed: a budget of 1e+10 FLOPs buys none of"),
        (
            {"target_params": 1e8, "target_tokens": 2e9},
            "No next run is proposed: the target (100M parameters on 2B tokens, 1.2e+18 FLOPs) is no larger than",
        ),
    ],
)
def test_a_refusal_is_quoted_in_a_caution(asked: dict[str, Any], said: str) -> None:
    report = runs_report(brief(made(4), **{"target_params": 7e9, "target_tokens": 1.75e11, **asked}), DAY)
    (section,) = [s for s in report.sections if s.title == "What to train before it"]
    (block,) = section.blocks
    assert isinstance(block, Text)
    assert block.role == "caution"
    assert block.text.startswith(said)
    assert report.html().count(block.text.split(" (")[0]) == 1


def test_a_plan_that_is_refused_is_quoted_too(known: Briefing) -> None:
    report = runs_report(replace(known, plan="no model reaches 2.1 nats/token"), DAY)
    (section,) = [s for s in report.sections if s.title == "What to train instead"]
    assert section.blocks == [Text("There is no plan: no model reaches 2.1 nats/token.", role="caution", quoted=True)]


def test_only_a_quoted_refusal_needs_no_table(report: Report) -> None:
    claim = Section("New", [Text("There are 7.77 reasons.", role="caution")])
    quote = Section("New", [Text("There are 7.77 reasons.", role="caution", quoted=True)])
    assert [n for _, _, n in unbacked(replace(report, sections=[claim]))][-1] == "7.77"
    assert "7.77" not in [n for _, _, n in unbacked(replace(report, sections=[quote]))]


@given(st.integers(0, 99), st.integers(1900, 2099), st.integers(0, 9999))
def test_decimals_are_never_a_year(whole: int, year: int, other: int) -> None:
    low, high = f"{whole}.{other:04d}", f"{whole}.{year}"
    assert numbers(f"a loss (90 % interval {low} to {high})") == ["90", low, high]
    assert numbers(f"{whole + 1},{year} tokens (of {whole + 1},{year})") == [f"{whole + 1},{year}"] * 2
    assert numbers(f"as others found (Li et al., {year}) and (Li {year}, arXiv:2502.18969)") == []


def test_a_target_beyond_all_rehearsals_has_a_page() -> None:
    known = brief(made(5), target_params=9e8, target_tokens=1e14)
    assert len(known.rehearsed) == 0
    said = "No rehearsed forecast promised as large an error: how often this interval would hold is not known."
    assert runs_report(known, DAY).summary[1] == said


def test_many_runs_are_told_by_size() -> None:
    points = made(60, 1)
    report = runs_report(brief(points, target_params=1e10, target_tokens=2e11), DAY)
    assert "lowest last loss" in grids(report, "The runs")[-1].header[-1]


def test_the_command(cli: Callable[..., Any], tmp_path: Path) -> None:
    points = made(4)
    rows = zip(range(len(points)), *(points[n].tolist() for n in ("params", "tokens", "loss")), strict=True)
    file = tmp_path / "mine.csv"
    file.write_text("run,params,tokens,loss\n" + "".join(f"r{k // 6},{a},{b},{c}\n" for k, a, b, c in rows))
    said = cli("report", "runs", file, "--target-params", "7e9", "--target-tokens", "1e11", "-o", tmp_path, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["forecast"]["prediction"] > 1.8
    assert (tmp_path / "mine.html").is_file()
    assert (tmp_path / "mine.pdf").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.csv",), "none.csv"),
        (("gpt3", "--target-params", "7", "--target-tokens", "1e9"), "a target of 7 params"),
        (("gpt3", "--format", "docx"), "format"),
        (("gpt3", "--level", "90"), "level is 90"),
        (("gpt3", "--prices", "none.toml"), "none.toml"),
        (("gpt3", "--budget-flops", "-1"), "a budget of -1 FLOPs: write a number above 0, such as 1e21"),
        (("gpt3", "--budget-flops", "0.1"), "a budget of 0.1 FLOPs is below that of any run: write FLOPs out"),
        (("gpt3", "--budget-flops", "inf"), "a budget of inf FLOPs: write a number above 0, such as 1e21"),
        (("gpt3", "--inference-tokens", "-1"), "--inference-tokens -1: write a number from 0"),
    ],
)
def test_errors_are_sentences(
    cli: Callable[..., Any], arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    said = cli("report", "runs", *arguments, "-o", tmp_path)
    assert said.code in (1, 2)
    assert message in said.err
    assert not list(tmp_path.iterdir())
