"""bean-check and hledger accept what is written, whatever people have called things."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from db.look_ups import By
from domain.books import Books
from domain.messages import Message
from tests.accounting.books import transactions
from tests.accounting.checkers import bean_check, hledger, run
from tests.builders import grant, invoice
from tests.cli.long_story import story
from tests.world import World
from worker.accounting.beancount import Beancount
from worker.accounting.formats import Format, written
from worker.accounting.hledger import Hledger
from worker.accounting.transactions import Transaction

NASTY = (
    'quo"te', "back\\slash", "semi; colon", "a, b: c", "(1) * ! =", "[2026-02-30]", "date: x",
    "pipe | hash # tag ^ link", "Ünï ☃ 😀", "\u202ertl", "%41%", " spaces  ", "=1+1", "-",
    "open Assets:A", "@@ 1 USD", "{1 USD}", "\u2028", "include x", "'", "é" * 100, "x" * 255,
)  # fmt: skip
ITEMS: list[dict[str, Any]] = [
    {"id": f"{place}", "amount": 1, "ledger_account": name, "memo": f"{name}\nsecond\tline"}
    for place, name in enumerate(NASTY)
]
UNITS = {"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4, "TOKENS": 4, "GPU-HOURS": 1, "api calls": 0,
         "api-calls": 2, 'q"; u': 0, "NULL": 0, "Ü": 3}  # fmt: skip


def nasty_story() -> list[tuple[Books, int]]:
    """Every name wherever it can stand, in every currency; with the currency's decimals."""
    world = World()
    for name in NASTY:
        world.given(*(_messages(name, currency)[0] for currency in UNITS))
        world.given(*(_messages(name, currency)[1] for currency in UNITS))
        world.later(days=1)
    keys = [account.key for account in world.accounts.values()]
    return [(world.books(key), UNITS[key.currency]) for key in keys]


def _messages(name: str, currency: str) -> tuple[Message, Message]:
    about: Any = {
        "customer": name, "currency": currency, "note": f"{name}\n; second line\r\n\x07",
        "reason": name, "metadata": {name: name},
    }  # fmt: skip
    return (
        grant(len(ITEMS), name, id=f"g {name}", source=name, **about),
        invoice(None, name, lines=[(name, None, 7)], id=f"i {name}", source=name, **about),
    )


def nasty() -> list[Transaction]:
    return [
        one
        for books, decimals in nasty_story()
        for lot in [{books.key.customer: ITEMS}]
        for one in transactions(books, decimals=decimals, items=lot)
    ]


def long() -> list[Transaction]:
    """Every kind of entry; dated, so that days do not follow the order of the entries."""
    accounts = story(4).books
    return [one for key in sorted(accounts) for one in transactions(accounts[key], by=By.DATED)]


STORIES: dict[str, Callable[[], list[Transaction]]] = {"nasty": nasty, "long": long}


def saved(folder: Path, form: Format, booked: list[Transaction]) -> str:
    path = folder / "ledger.txt"
    path.write_text("".join(written(form, booked)), encoding="utf-8", newline="")
    return str(path)


@pytest.mark.parametrize("told", STORIES)
def test_beancount_accepts_it(tmp_path: Path, told: str) -> None:
    booked, program = STORIES[told](), bean_check()
    assert run(program, saved(tmp_path, Beancount("a\ntitle"), booked)) == ""


@pytest.mark.parametrize("told", STORIES)
def test_hledger_accepts_it(tmp_path: Path, told: str) -> None:
    booked, program = STORIES[told](), hledger()
    path = saved(tmp_path, Hledger("a\ntitle"), booked)
    assert run(program, "-f", path, "check", "--strict") == ""


@pytest.mark.parametrize("told", STORIES)
def test_hledger_reads_back_every_amount(tmp_path: Path, told: str) -> None:
    """And no name has become anything else: neither a date, nor a tag, nor a comment."""
    booked, program = STORIES[told](), hledger()
    path = saved(tmp_path, Hledger("a title"), booked)
    rows = list(csv.DictReader(run(program, "-f", path, "print", "-O", "csv").splitlines()))
    wanted = sorted(
        (str(one.day), posting.account, posting.amount)
        for one in booked
        for posting in one.postings
    )
    assert (
        sorted((row["date"], row["account"], int(row["amount"].replace(".", ""))) for row in rows)
        == wanted
    )
    said = {f"{one.key.customer} | {one.words}".strip(" ") for one in booked}
    assert {unquote(row["description"]) for row in rows} == said
    tags = set(run(program, "-f", path, "tags").split())
    assert tags == {name for one in booked for name in names(one)}


def names(one: Transaction) -> set[str]:
    return {*one.facts, *(name for posting in one.postings for name in posting.facts)}
