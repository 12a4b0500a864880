"""The page is well-formed, says everything once, loads nothing, and can be read by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.statement_story import LONG, NAME, START, busy_life, lives
from worker.statement.account import AccountStatement
from worker.statement.axes import round_amounts, round_instants
from worker.statement.page import page

LIVES = list(lives())


def read(statements: list[AccountStatement]) -> Xml.Element:
    """As XML, which is stricter than HTML."""
    doctype, rest = page(statements, None).split("\n", 1)
    assert doctype == "<!DOCTYPE html>"
    return Xml.fromstring(rest)  # noqa: S314 - our own


def words_of(element: Xml.Element) -> str:
    return "".join(element.itertext())


@pytest.fixture(params=range(len(LIVES)))
def tree(request: pytest.FixtureRequest) -> Xml.Element:
    return read(LIVES[request.param])


class Balanced(HTMLParser):
    """Opens and closes as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        assert tag in {"meta", "path", "line", "circle"}, f"<{tag}/> is not closed in HTML"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("statements", LIVES)
def test_browsers_read_it_alike(statements: list[AccountStatement]) -> None:
    parser = Balanced()
    parser.feed(page(statements, None))
    parser.close()
    assert parser.open == []


def test_ids_are_unique_and_every_reference_has_its_target(tree: Xml.Element) -> None:
    ids = [found for element in tree.iter() if (found := element.get("id"))]
    assert len(ids) == len(set(ids))
    links = [found[1:] for element in tree.iter("a") if (found := element.get("href"))]
    labels = [
        label
        for element in tree.iter()
        for name in ("aria-labelledby", "aria-describedby")
        if (label := element.get(name))
    ]
    assert {*links, *labels} <= set(ids)
    assert links[0] == "statement"


def test_there_are_landmarks_and_headings_in_order(tree: Xml.Element) -> None:
    assert tree.get("lang") == "en"
    for name in ("head", "header", "nav", "main", "footer", "h1"):
        assert len(list(tree.iter(name))) == 1, name
    levels = [int(e.tag[1]) for e in tree.iter() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(section.get("aria-labelledby") for section in tree.iter("section"))


def test_tables_have_captions_scopes_and_as_many_cells_as_columns(tree: Xml.Element) -> None:
    for table in tree.iter("table"):
        assert words_of(next(table.iter("caption")))
        head, *rows = table.iter("tr")
        assert rows
        assert {cell.get("scope") for cell in head} == {"col"}
        for row in rows:
            assert (row[0].tag, row[0].get("scope")) == ("th", "row")
            assert [c.get("data-label") for c in row] == [words_of(cell) for cell in head]
            assert {cell.get("role") for cell in row} == {"rowheader", "cell"}


def test_nothing_is_loaded_and_nothing_runs(tree: Xml.Element) -> None:
    for element in tree.iter():
        assert element.tag not in {"script", "link", "img", "iframe", "object", "embed", "form"}
        for name, value in element.attrib.items():
            assert name not in {"src", "srcset", "data", "action"}
            assert not name.startswith("on"), name
            assert name != "href" or value.startswith("#")
    (style,) = tree.iter("style")
    assert not re.search(r"url\(|@import|//", words_of(style))


def test_what_others_wrote_is_text() -> None:
    text = page(LIVES[0], None)
    assert "<script" not in text
    assert "<b>PO-7" not in text
    tree = read(LIVES[0])
    assert words_of(next(tree.iter("h1"))) == NAME
    assert words_of(next(tree.iter("title"))) == f"Credit statement of {NAME}"
    assert "Top-up <b>PO-7</b>" in words_of(tree)
    assert LONG in words_of(tree)


def test_what_turns_or_hides_text_is_a_space() -> None:
    life = busy_life()
    life.send(92, "credit.grant", "odd", amount=1, customer="c", note="a\u202eb\u001bc\nd")
    assert "a b c d" in page(life.statements("c"), None)


def test_the_picture_is_told_in_words_and_in_numbers() -> None:
    dollars = LIVES[0][1]
    tree = read([dollars])
    svg = next(tree.iter("svg"))
    title, desc, *_ = svg
    assert (title.tag, title.get("id")) == ("title", svg.get("aria-labelledby"))
    assert (desc.tag, desc.get("id")) == ("desc", svg.get("aria-describedby"))
    assert words_of(title) == "Balance in USD over time"
    assert words_of(desc) == (
        "The balance after each entry from 2026-01-06 to 2026-04-04: between 2,400.00 and "
        "14,000.00, 4,900.00 at the end. 106.67 expired on the way. 2,500.00 will expire by "
        "2026-06-04 if nothing uses it."
    )
    rows = [[words_of(c) for c in row] for row in next(tree.iter("details")).iter("tr")][1:]
    assert [row[1] for row in rows] == [dollars.amount(entry.balance) for entry in dollars.ledger]
    marks = [e.get("class") for e in svg.iter("circle")]
    assert marks.count("expiry") == sum(1 for row in rows if row[2])
    assert marks.count("coming") == 1


def test_what_is_left_out_is_said_in_the_page_and_in_the_picture() -> None:
    since = START + timedelta(days=70)
    (dollars,) = busy_life().statements(since=since)[1:]
    tree = read([dollars])
    assert 'From <b><time datetime="2026-03-16T09:30:00Z">' in page([dollars], None)
    ledger = next(table for table in tree.iter("table") if table.get("class") == "ledger")
    name, *cells = [words_of(cell) for cell in list(ledger.iter("tr"))[-1]]
    assert (name, *filter(None, cells)) == ("Opening", "9 earlier entries, left out", "13,082.23")
    newest = [words_of(cell) for cell in list(ledger.iter("tr"))[1]][:1]
    assert newest == [str(dollars.ledger[-1].seq)]
    rows = [[words_of(c) for c in row] for row in next(tree.iter("details")).iter("tr")][1:]
    assert rows[0][:2] == ["2026-03-16 09:30", "13,082.23"]
    assert len(rows) == len(dollars.ledger) + 1


def test_a_period_without_entries_has_its_opening_and_no_picture() -> None:
    life = busy_life()
    life.wait(120)
    (dollars,) = life.statements(since=life.now)[1:]
    tree = read([dollars])
    assert not dollars.ledger
    assert list(tree.iter("svg")) == []
    assert "Opening" in words_of(tree)
    assert "The ledger is empty" not in words_of(tree)


def test_more_grants_than_a_page_holds_are_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.statement.sections.GRANTS_MAX", 2)
    tree = read([LIVES[0][1]])
    grants = next(table for table in tree.iter("table") if table.get("class") == "grants")
    assert len(list(grants.iter("tr"))) == 3
    said = words_of(next(grants.iter("caption")))
    left = sum(grant.remaining for grant in LIVES[0][1].grants[2:])
    assert f"with {LIVES[0][1].amount(left)} left, are not listed." in said


def test_the_same_gives_the_same_bytes_and_an_instant_only_where_it_was_given() -> None:
    again = busy_life().statements()
    assert page(again, None) == page(LIVES[0], None)
    assert "As of" not in page(again, None)
    assert 'As of <b><time datetime="2026-02-24T09:30:00Z">' in page(
        LIVES[1], START + timedelta(days=50)
    )


def variables(style: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def themes() -> Iterator[tuple[str, dict[str, str]]]:
    (style,) = read(LIVES[4]).iter("style")
    text = words_of(style)
    yield "light", variables(text[: text.index("@media")])
    dark = text.index("prefers-color-scheme: dark")
    yield "dark", variables(text[dark : text.index("* {")])
    yield "print", variables(text[text.index("@media print") :])


@pytest.mark.parametrize(("name", "colours"), list(themes()))
def test_text_has_the_contrast_that_wcag_aa_asks_for(name: str, colours: dict[str, str]) -> None:
    for ink in ("ink", "soft", "accent", "warn"):
        lighter, darker = sorted(
            (luminance(colours[ink]), luminance(colours["paper"])), reverse=True
        )
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, ink)


def test_lines_are_round() -> None:
    assert list(round_amounts(1)) == [0, 1]
    assert list(round_amounts(1_250)) == [0, 500, 1_000]
    assert list(round_amounts(9 * 10**15)) == [0, *(n * 2 * 10**15 for n in (1, 2, 3, 4))]


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (0.001, ["01-05 09:30", "01-05 09:31"]),
        (2, ["01-05 12:00", "01-06 00:00", "01-06 12:00", "01-07 00:00"]),
        (5, ["2026-01-07", "2026-01-09"]),
        (200, ["2026-03", "2026-05", "2026-07"]),
        (3_000, ["2028", "2030", "2032", "2034"]),
    ],
)
def test_instants_are_round(days: float, labels: list[str]) -> None:
    found = round_instants(START, START + timedelta(days=days))
    assert [label for _, label in found] == labels
    assert all(START <= at <= START + timedelta(days=days) for at, _ in found)
