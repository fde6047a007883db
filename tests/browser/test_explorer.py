"""The explorer of the guide, in a browser: what it shows is what the library computes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scalebook.analysis.finding import STYLES
from scalebook.analysis.law import laws
from scalebook.analysis.optimal.closed_form import closed_form
from scalebook.analysis.planner.cost import cheapest, frontier_of_loss, frontier_of_size, loss_of
from scalebook.analysis.study import Study
from scalebook.corpus.database import open_corpus
from scalebook.reports.formula import javascript
from scalebook.reports.guide import guide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESIGN = "family=one&law=chinchilla&protocol=sizes_and_fraction"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
#: Hoffmann et al. (2022), its refit by Besiroglu et al. (2024), and one with little to gain from data.
LAWS = [
    {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28},
    {"E": 1.82, "A": 482.0, "B": 2085.4, "alpha": 0.348, "beta": 0.366},
    {"E": 0.0, "A": 20.0, "B": 5.0, "alpha": 0.2, "beta": 0.1},
]


@pytest.fixture(scope="module")
def file(small_folder: Path, small_study: Study, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the guide of the small corpus."""
    with open_corpus(small_folder) as corpus:
        (written,) = guide(corpus, small_study).write(tmp_path_factory.mktemp("guide"), "guide", ["html"])
    return written.as_uri()


@pytest.fixture
def go(page: Page, file: str) -> Callable[[str], Page]:
    """Opens the guide at an address within it."""

    def opened(hash: str = "") -> Page:
        page.goto("about:blank")
        page.goto(file + hash)
        return page

    return opened


def forecast(study: Study, protocol: str = "sizes_and_fraction", **wanted: Any) -> dict[str, Any]:
    """The row of a study that a design stands for."""
    rows = study.results[(study.results["protocol"] == protocol) & (study.results["objective"] == "huber-log")]
    for name, value in {"family": "one", "law": "chinchilla", **wanted}.items():
        rows = rows[rows[name] == value]
    (row,) = rows.to_dict("records")
    return {str(key): value for key, value in row.items()}


def percent(value: float) -> str:
    """As the page writes it, which knows five digits, without needless zeros."""
    return f"{short(100 * short(value, 5), 3):g} %"


def short(value: float, digits: int) -> float:
    """A number with so many digits."""
    return float(f"{value:.{digits}g}")


def test_a_design_shows_the_forecast_of_the_study(go: Callable[[str], Page], small_study: Study) -> None:
    for sizes, fraction in ((4, 1.0), (3, 0.6), (2, 1.0)):
        page = go(f"#explorer?{DESIGN}&sizes={sizes}&fraction={fraction}")
        row = forecast(small_study, sizes=sizes, fraction=fraction)
        said = page.locator("#verdict").inner_text()
        if row["status"] != "converged":
            assert said == f"No forecast to rely on: {row['status'].replace('_', ' ')}."
            continue
        assert f"(ARE): {percent(row['are'])}." in said
        for name in ("predicted", "low", "high", "observed"):
            assert f"{short(row[name], 5):g}" in said
        assert f"{STYLES['si'](row['target_params'])} parameters" in said


def test_the_fit_that_is_drawn_is_the_one_that_was_made(go: Callable[[str], Page], small_study: Study) -> None:
    page = go(f"#explorer?{DESIGN}&sizes=4&fraction=1")
    row = forecast(small_study, sizes=4, fraction=1.0)
    shown = dict(zip(*(page.locator(f"#coefficients {tag}").all_inner_texts() for tag in ("dt", "dd")), strict=True))
    for name, value in json.loads(row["coefficients"]).items():
        assert float(shown[name]) == pytest.approx(value, rel=1e-3)
    drawn = page.evaluate(
        """([law, params, tokens]) => {
          const data = JSON.parse(document.getElementById("explorer-data").textContent);
          const t = data.protocols.sizes_and_fraction;
          const families = Object.keys(data.families), laws = Object.keys(data.laws);
          const i = t.family.findIndex((f, k) => families[f] === "one" && laws[t.law[k]] === law && t.values[0][k] === 4
            && t.values[1][k] === 1);
          const c = Object.fromEntries(data.laws[law].coefficients.map((n, k) => [n, data.fits[t.fit[i]][k]]));
          return window.formulas[law]({params, tokens, flops: 6 * params * tokens}, c);
        }""",
        ["chinchilla", row["target_params"], row["target_tokens"]],
    )
    assert drawn == pytest.approx(row["predicted"], rel=1e-5)


@pytest.mark.parametrize("name", list(laws))
def test_every_law_is_the_same_in_the_page(page: Page, name: str) -> None:
    law, rng = laws[name], np.random.default_rng(1)
    for _ in range(5):
        x = {"params": 10 ** rng.uniform(7, 11), "tokens": 10 ** rng.uniform(9, 12), "flops": 10 ** rng.uniform(18, 23)}
        x |= {"unique_tokens": x["tokens"] / 3, "loss": rng.uniform(1, 4)}
        x |= {"experts": rng.uniform(1, 64), "granularity": rng.uniform(1, 64)}
        c = {key: rng.uniform(0.2, 1.5) for key in law.coefficients}
        ours = float(law.predict(*(np.float64(x[i]) for i in law.inputs), **c))
        theirs = page.evaluate(f"([x, c]) => ({javascript(law)})(x, c)", [x, c])
        assert theirs == pytest.approx(ours, rel=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_the_planner_is_that_of_the_library(go: Callable[[str], Page], law: dict[str, float]) -> None:
    page = go("")

    def computed(call: str, *values: float) -> dict[str, float]:
        found: dict[str, float] = page.evaluate(f"([law, ...v]) => planner.{call}(law, ...v)", [law, *values])
        return found

    size, data = closed_form(law)
    for flops in (1e19, 5.76e23, 1e27):
        best = computed("ofFlops", flops)
        assert best["params"] == pytest.approx(float(size.predict(flops)), rel=1e-9)
        assert best["tokens"] == pytest.approx(float(data.predict(flops)), rel=1e-9)
        assert best["trainFlops"] == pytest.approx(flops, rel=1e-9)
        ours = frontier_of_size(law, best["params"])
        assert computed("ofSize", best["params"])["tokens"] == pytest.approx(ours.tokens, rel=1e-9)
        loss = loss_of(law, ours)
        assert computed("ofLoss", loss)["params"] == pytest.approx(frontier_of_loss(law, loss).params, rel=1e-6)
        for inference in (0.0, 1e11, 1e14):
            there, here = computed("cheapest", loss, inference), cheapest(law, loss, inference)
            assert there["params"] == pytest.approx(here.params, rel=1e-6)
            assert there["tokens"] == pytest.approx(here.tokens, rel=1e-6)
            assert there["totalFlops"] == pytest.approx(here.total_flops, rel=1e-9)
    assert page.evaluate("(law) => planner.cheapest(law, law.E, 1)", law) is None


def test_sliders_move_the_plan(go: Callable[[str], Page]) -> None:
    page = go("#planner?law=one&flops=21&inference=8.9&size=9")
    law = page.evaluate("JSON.parse(document.getElementById('explorer-data').textContent).plans.one.law")
    assert page.locator("#say-inference").inner_text() == "none"
    assert page.locator("#plans tbody tr:nth-child(2) td:last-child").inner_text() == "1.00x"
    page.locator("#plan-inference").press("End")
    page.locator("#plan-flops").press("ArrowRight")
    size, data = closed_form(law)
    flops = 10**21.05
    loss = law["E"] + law["A"] * size.predict(flops) ** -law["alpha"] + law["B"] * data.predict(flops) ** -law["beta"]
    best = cheapest(law, float(loss), 1e15)
    row = page.locator("#plans tbody tr:nth-child(2) td").all_inner_texts()
    assert row[0] == STYLES["si"](best.params)
    assert row[1] == STYLES["si"](best.tokens)
    assert row[3] == f"{float(loss):.4f}"
    assert page.locator("#say-inference").inner_text() == "1e15"
    assert page.url.endswith("#planner?law=one&flops=21.05&inference=15&size=9")
    assert page.locator("#plan-inference").get_attribute("aria-valuetext") == "1e15"
    page.locator("#plan-size").press("Home")
    assert "10M parameters never reach it." in page.locator("#plan-says").inner_text()


def test_sliders_move_the_design_and_keep_the_focus(go: Callable[[str], Page], small_study: Study) -> None:
    page = go(f"#explorer?{DESIGN}&sizes=4&fraction=1")
    slider = page.locator("input[data-setting=sizes]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    row = forecast(small_study, sizes=3, fraction=1.0)
    assert percent(row["are"]) in page.locator("#verdict").inner_text()
    assert "sizes=3" in page.url
    assert page.evaluate("document.activeElement.dataset.setting") == "sizes"
    page.keyboard.press("ArrowRight")
    assert "sizes=4" in page.url


def test_family_law_and_protocol_can_be_chosen(go: Callable[[str], Page], small_study: Study) -> None:
    page = go("#explorer")
    for law in ("compute", "last_seen", "chinchilla"):
        page.select_option("#pick-law", law)
        assert laws[law].title == page.locator("#law-title").inner_text()
        assert page.locator("#curves svg path").count() > 3
        assert page.locator("#residuals svg circle").count() > 3
    page.select_option("#pick-protocol", "scale_down")
    page.select_option("#pick-family", "three")
    assert "three has 5 runs of 5 sizes" in page.locator("#question").inner_text()
    row = forecast(small_study, "scale_down", family="three", sizes=4)
    assert percent(row["are"]) in page.locator("#verdict").inner_text()
    page.select_option("#pick-axis", "flops")
    assert "training compute [FLOP]" in page.locator("#curves .name").all_text_contents()


def test_the_first_design_shown_is_one_with_a_forecast(go: Callable[[str], Page], small_study: Study) -> None:
    page = go("#explorer?family=one&law=chinchilla&protocol=windows_of_sizes")
    rows = small_study.results
    mine = rows[(rows["family"] == "one") & (rows["protocol"] == "windows_of_sizes") & (rows["law"] == "chinchilla")]
    assert set(mine["status"]) > {"converged"}, "some have none"
    assert "(ARE)" in page.locator("#verdict").inner_text()


def test_every_protocol_and_law_can_be_shown(go: Callable[[str], Page]) -> None:
    page = go("#explorer")
    for protocol in page.evaluate("[...document.getElementById('pick-protocol').options].map((o) => o.value)"):
        page.select_option("#pick-protocol", protocol)
        for law in page.evaluate("[...document.getElementById('pick-law').options].map((o) => o.value)"):
            page.select_option("#pick-law", law)
            assert page.locator("#verdict").inner_text() != ""


def test_points_that_were_seen_are_told_from_those_to_be_forecast(go: Callable[[str], Page]) -> None:
    page = go(f"#explorer?{DESIGN}&sizes=2&fraction=0.4")
    counts = page.evaluate(
        """() => [...document.querySelectorAll("#curves .dots")].map((g) => [g.classList.contains("hollow"),
             g.querySelector("circle").getAttribute("r"), g.querySelectorAll("circle").length])"""
    )
    seen = sum(n for hollow, size, n in counts if not hollow and size == "2.8")
    asked = sum(n for hollow, _, n in counts if hollow)
    # two runs of twelve checkpoints from a tenth to two fifths of training, and the last 30 % of the largest
    assert (seen, asked) == (2 * 3, 4)


def test_errors_are_sorted_and_filtered(go: Callable[[str], Page], small_study: Study) -> None:
    page = go(f"#explorer?{DESIGN}&sizes=4&fraction=1")
    ares = {n: forecast(small_study, family=n, sizes=4, fraction=1.0)["are"] for n in ("one", "two", "three")}
    rows = page.locator("#errors tbody tr:not([hidden])")
    cells = rows.filter(has=page.locator("button", has_text="one")).locator("td").all_inner_texts()
    assert f"{short(100 * ares['one'], 2):g}" in cells
    heading = page.locator("#errors thead button", has_text="4")
    heading.click()
    ascending = [n for n in page.locator("#errors tbody th").all_inner_texts() if n in ares]
    assert ascending == sorted(ares, key=lambda n: short(100 * ares[n], 2))
    heading.click()
    assert [n for n in page.locator("#errors tbody th").all_inner_texts() if n in ares] == ascending[::-1]
    page.locator("#errors tbody button", has_text="two").click()
    assert "family=two" in page.url
    assert page.locator("#errors [aria-current] th").inner_text() == "two"
    assert [n for n in page.locator("#errors tbody th").all_inner_texts() if n in ares] == ascending[::-1], "kept"
    page.fill("#filter-families", "thr")
    assert rows.locator("th").all_inner_texts() == ["three"]


def test_tables_of_the_guide_are_sorted_and_filtered(go: Callable[[str], Page]) -> None:
    page = go("")
    table = page.locator("#families table")
    heading = table.locator("th", has_text="checkpoints")
    heading.locator("button").press("Enter")
    counts = [int(n.replace(",", "")) for n in table.locator("td:nth-child(6)").all_inner_texts() if n]
    assert counts == sorted(counts)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    laws_table = page.locator("section:has(> h3:text-is('What words mean here'))")
    assert laws_table.locator(".filter").count() == 0, "twelve rows are read without a filter"
    long = page.locator(".filter").first
    whole = long.locator("xpath=following-sibling::div").locator("tbody tr:not([hidden])")
    before = whole.count()
    first = whole.first.inner_text().split()[0]
    long.locator("input").fill(first)
    assert 0 < whole.count() < before
    assert long.locator("span").inner_text() == f"{whole.count()} of {before} rows"
    long.locator("input").fill("")
    assert whole.count() == before


def test_an_address_brings_back_what_was_chosen(go: Callable[[str], Page]) -> None:
    page = go("")
    page.select_option("#pick-family", "two")
    page.select_option("#pick-law", "compute")
    page.locator("input[data-setting=fraction]").press("Home")
    said, address = page.locator("#verdict").inner_text(), page.url
    again = go("#" + address.partition("#")[2])
    assert again.locator("#verdict").inner_text() == said
    assert again.locator("#pick-law").input_value() == "compute"
    assert again.evaluate("document.getElementById('explorer').getBoundingClientRect().top < innerHeight")
    again.evaluate("location.hash = '#explorer?family=three&law=chinchilla'")
    again.wait_for_function("document.getElementById('pick-family').value === 'three'")
    strange = go("#explorer?family=nobody&law=<b>&protocol=x&sizes=many")
    assert strange.locator("#pick-family").input_value() in ("one", "pair", "three", "two")
    section = go("#what-error-is-to-be-expected").locator("#what-error-is-to-be-expected")
    assert section.evaluate("(e) => Math.abs(e.getBoundingClientRect().top) < 10")


def test_everything_is_reached_by_keyboard(go: Callable[[str], Page]) -> None:
    page = go("")
    page.locator("#pick-family").focus()
    reached = []
    for _ in range(12):
        reached.append(
            page.evaluate("((e) => e.id || e.dataset.setting || e.className.baseVal)(document.activeElement)")
        )
        page.keyboard.press("Tab")
    wanted = ["pick-family", "pick-law", "pick-protocol", "sizes", "fraction", "pick-axis", "chart", "chart"]
    assert [name for name in reached if name in {*wanted}][: len(wanted)] == wanted
    page.locator("#curves svg").focus()
    page.keyboard.press("ArrowRight")
    told = page.locator("#curves .told").inner_text()
    assert re.search(r"training tokens [\d.]+[MB], loss [\d.]+, (seen|to be forecast|not used)$", told)
    page.keyboard.press("ArrowRight")
    assert page.locator("#curves .told").inner_text() != told
    unnamed = page.evaluate(
        """[...document.querySelectorAll("input, select, button, svg.chart")].filter((e) => !e.labels?.length
             && !e.textContent.trim() && !e.getAttribute("aria-label")).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(go: Callable[[str], Page], page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page = go(f"#explorer?{DESIGN}")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert (ink == "rgb(230, 237, 243)") == (scheme == "dark")
    assert page.locator("#errors .heat").count() > 3
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_scrolls_in_one_direction(go: Callable[[str], Page], page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page = go(f"#explorer?{DESIGN}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    widths = "[...document.querySelectorAll('svg.chart')].map((e) => e.getBoundingClientRect().width)"
    assert max(page.evaluate(widths)) <= width
    page.set_viewport_size({"width": 1000, "height": 844})
    page.wait_for_function("document.querySelector('#curves svg').getBoundingClientRect().width > 400")


def test_only_the_scripts_of_the_page_run(go: Callable[[str], Page], watch: Any) -> None:
    page = go("")
    assert page.evaluate("[...document.scripts].filter((s) => s.type !== 'application/json').length") == 1
    blocked = page.evaluate(
        """() => new Promise((done) => {
          const tell = (event) => done([event.effectiveDirective, event.blockedURI]);
          document.addEventListener("securitypolicyviolation", tell);
          document.body.insertAdjacentHTML("beforeend", "<img src='https://example.org/x.png'>");
        })"""
    )
    assert blocked == ["img-src", "https://example.org/x.png"]
    assert page.evaluate("document.body.lastElementChild.naturalWidth") == 0
    inline = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
          document.body.append(Object.assign(document.createElement("script"), { textContent: "window.pwned = 1" }));
        })"""
    )
    assert inline == "script-src-elem"
    assert page.evaluate("window.pwned") is None
    watch.wrong.clear()  # Chromium tells of what it refused to do


def test_without_scripts_the_guide_is_there_and_the_explorer_is_not(browser: Browser, file: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file)
    assert page.locator("#families table").is_visible()
    assert page.locator("noscript").is_visible()
    assert page.locator("#explorer").is_hidden()
    context.close()
