"""The statement in a real browser: narrow, wide, by keyboard, by ear, in the dark and on paper."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAM, Page, browser
from tests.cli.statement_story import LONG, NAME, START, after, busy_life
from worker.statement.page import page

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="needs Chromium: apt-get install --no-install-recommends chromium"
)


UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A statement with words that are hard to fit."""
    life = busy_life()
    life.send(95, "credit.grant", LONG, amount=10**15, memo=LONG, note=LONG, created_by=LONG,
              expires_at=after(300))  # fmt: skip
    life.send(96, "invoice.created", "wide", invoice=LONG[1:], amount_due=10**15)
    path = tmp_path_factory.mktemp("statement") / "statement.html"
    path.write_text(page(life.statements(), life.now), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The statement of a period, whose ledger ends with an opening balance."""
    life = busy_life()
    path = tmp_path_factory.mktemp("period") / "statement.html"
    path.write_text(page(life.statements(since=START + timedelta(days=70)), None), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [320, 360, 768, 769, 1024, 1440])
def test_the_page_does_not_scroll_sideways(tab: Page, file: Path, width: int) -> None:
    tab.open(file, width)
    tab.value(UNFOLD)
    assert tab.value(WIDTH) <= width


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_the_opening_balance_is_in_sight(tab: Page, cut: Path, width: int) -> None:
    """Also on a narrow screen, where each row is a card; and nothing of it sticks out."""
    tab.open(cut, width)
    tab.value(UNFOLD)
    assert tab.value(WIDTH) <= width
    row = "[...document.querySelectorAll('.ledger')].at(-1).querySelector('tbody tr:last-child')"
    shown = "[...{}.cells].filter(one => one.textContent).map(one => {})".format
    texts = tab.value(shown(row, "one.innerText"))
    assert texts == ["Opening", "9 earlier entries, left out", "13,082.23"]
    assert all(
        right <= width for right in tab.value(shown(row, "one.getBoundingClientRect().right"))
    )


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_cut_off(tab: Page, file: Path, width: int) -> None:
    tab.open(file, width)
    tab.value(UNFOLD)
    beyond = (
        "[...document.querySelectorAll('body *:not(.skip)')]"
        f".filter(one => one.getBoundingClientRect().right > {width} + 0.5)"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert tab.value(beyond) == []


def test_it_loads_and_runs_without_complaint(tab: Page, file: Path) -> None:
    tab.open(file, 1024)
    assert tab.value("document.compatMode") == "CSS1Compat"
    assert tab.value("document.scripts.length") == 0
    assert tab.value("performance.getEntriesByType('resource').length") == 0
    assert tab.complaints == []


@pytest.mark.parametrize("width", [360, 1024])
def test_a_screen_reader_meets_names_and_tables(tab: Page, file: Path, width: int) -> None:
    tab.open(file, width)
    spoken = tab.spoken()
    roles = Counter(role for role, _, _ in spoken)
    assert all(roles[role] == 1 for role in ("banner", "navigation", "main", "contentinfo"))
    assert ("heading", NAME) in [said[:2] for said in spoken]
    pictures = [told for role, *told in spoken if role == "image"]
    assert [name for name, _ in pictures] == [f"Balance in {c} over time" for c in ("JPY", "USD")]
    assert all(words.startswith("The balance after each entry") for _, words in pictures)
    assert all(name for role, name, _ in spoken if role in {"table", "region"})
    # A cell that a narrow window left out would put the ones behind it under other headings.
    shown = "document.querySelectorAll(':not(details) > table tbody {}').length"
    assert roles["rowheader"] == tab.value(shown.format("th"))
    assert roles["cell"] == tab.value(shown.format("td"))


def test_the_keyboard_skips_to_the_statement(tab: Page, file: Path) -> None:
    tab.open(file, 1024)
    tab.press("Tab")
    focused = "document.activeElement.textContent"
    assert tab.value(focused) == "Skip to the statement"
    assert tab.value("document.activeElement.getBoundingClientRect().left") >= 0
    tab.press("Tab")
    assert tab.value(focused) == "JPY"
    assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_dark_is_dark(tab: Page, file: Path) -> None:
    tab.open(file, 1024)
    papers = []
    for scheme in ("light", "dark"):
        tab.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        papers.append(tab.value("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(255, 255, 255)", "rgb(18, 22, 29)"]
    tab.ask("Emulation.setEmulatedMedia", features=[])


def test_it_prints(tab: Page, tmp_path: Path) -> None:
    path = tmp_path / "usual.html"
    path.write_text(page(busy_life().statements(), None), encoding="utf-8")
    tab.open(path, 1024)
    printed = tab.ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")
    tab.ask("Emulation.setEmulatedMedia", media="print")
    assert tab.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    paper = 680  # the width of A4 within its margins, in CSS pixels
    size = {"width": paper, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    tab.ask("Emulation.setDeviceMetricsOverride", **size)
    assert tab.value(WIDTH) <= paper
    tab.ask("Emulation.setEmulatedMedia", media="")
