"""Whatever comes to pass, the general ledger says the same as the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from hypothesis import given

from db.look_ups import By
from domain.kept import Writeoff
from domain.vocabulary import Category
from tests.accounting.books import CHART, transactions
from tests.builders import ACME, deduct, grant, invoice
from tests.laws.stories import Story, stories
from tests.verbs import configure_tenant, reverse, reverse_writeoff, shortfall
from tests.world import World
from worker.accounting.chart import chart_of
from worker.accounting.transactions import Transaction


def totals(booked: Iterable[Transaction]) -> Counter[str]:
    """What stands on each account, without those where nothing does."""
    found = Counter[str]()
    for one in booked:
        for posting in one.postings:
            found[posting.account] += posting.amount
    return Counter({name: amount for name, amount in found.items() if amount})


def booked(world: World) -> Counter[str]:
    """All of the world's accounts, booked together."""
    accounts = (world.books(account.key) for account in world.accounts.values())
    return totals(one for books in accounts for one in transactions(books))


@given(stories())
def test_the_general_ledger_says_what_the_books_say(story: Story) -> None:
    """Credit left is owed; what stands applied is paid; what is let off is an expense."""
    world = story.world()
    for account in world.accounts.values():
        books = world.books(account.key)
        found = list(transactions(books))
        assert all(sum(posting.amount for posting in one.postings) == 0 for one in found)
        assert all(len(one.postings) > 1 for one in found)
        stands, left = totals(found), Counter[Category]()
        for lot in books.grants:
            left[lot.category] += lot.remaining
        for category in Category:
            assert stands[CHART.account("liability", category)] == -left[category]
        offs = [kept for kept in books.kept if isinstance(kept, Writeoff) and not kept.is_reversed]
        assert stands["Expenses:WriteOffs"] == sum(one.amount for one in offs)
        assert stands["Assets:Receivable"] == -sum(bill.applied for bill in books.invoices)
    assert "Liabilities:CreditInTransit" not in booked(world)


def test_each_kind_has_its_account() -> None:
    world = World().given(
        configure_tenant({"plan": "basic", "tolerances": {"basic": {"USD": 5}}}),
        grant(100, "bought"),
        grant(20, "gift", category="promotional"),
        invoice(50, "i"),
        deduct(30),
        invoice(5, "short", auto_apply=False),
        shortfall(5, "short", "w"),
    )
    expected = {
        "Assets:Clearing:CreditIssued": 100,
        "Expenses:PromotionalCredit": 20,
        "Liabilities:DeferredRevenue": -40,
        "Assets:Receivable": -55,
        "Income:CreditUsed": -30,
        "Expenses:WriteOffs": 5,
    }
    assert booked(world) == expected
    world.given(reverse_writeoff("w"), reverse(10, entry=4), reverse(1, "i"))
    assert booked(world) == {
        **{name: amount for name, amount in expected.items() if name != "Expenses:WriteOffs"},
        "Assets:Receivable": -49,
        "Income:CreditUsed": -20,
        "Liabilities:DeferredRevenue": -51,
    }


def test_the_day_is_that_of_the_instant_that_counts() -> None:
    """In UTC, whatever the instant's own offset."""
    late = datetime.fromisoformat("2026-01-14T00:30:00+01:00")
    books = World().given(grant(100)).books()
    books = replace(books, entries=[books.entries[0]._replace(dated_at=late)])
    days = [str(one.day) for by in By for one in transactions(books, by=by)]
    assert days == ["2026-01-15", "2026-01-13"]


def test_line_items_are_postings_of_their_own() -> None:
    """Those without an account of theirs, or with one that the chart does not name, are issued."""
    items = [
        {"id": "1", "amount": 70, "ledger_account": "4000", "memo": 'Returned: "two"'},
        {"id": "2", "amount": 50, "ledger_account": "sales returns:north"},
        {"id": "3", "amount": -20},
    ]
    chart = chart_of('[ledger_accounts]\n4000 = "Income:Returns"')
    world = World().given(grant(100))
    (one,) = transactions(world.books(ACME), chart, items={"g": items})
    assert [tuple(posting) for posting in one.postings] == [
        ("Liabilities:DeferredRevenue", -100, {"grant": "g"}),
        (
            "Income:Returns",
            70,
            {"item": "1", "ledger_account": "4000", "memo": 'Returned: "two"'},
        ),
        (
            "Assets:Clearing:CreditIssued:Sales-returns:North",
            50,
            {"item": "2", "ledger_account": "sales returns:north"},
        ),
        ("Assets:Clearing:CreditIssued", -20, {"item": "3"}),
    ]
