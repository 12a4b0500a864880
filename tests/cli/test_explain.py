"""`scrip explain` says why, from the ledger alone, and says so when the ledger says otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from db.books import snapshot
from db.store import PostgresStore
from domain.order import KEYS
from domain.vocabulary import Refusal
from tests.cli.conftest import Drain, Run, Write
from tests.cli.explain_situations import LINES, SITUATIONS, ago, grant, invoice
from tests.cli.messages import line, mix
from worker.cli.explain_message import REASONS
from worker.cli.explain_reasons import KEY_WORDS
from worker.cli.explain_replay import cases
from worker.expiry import expire_due

Publish = Callable[..., None]
Explain = Callable[..., Any]


@pytest.fixture
def publish(run: Run, drain: Drain, write: Write) -> Publish:
    def done(*bodies: bytes) -> None:
        run("publish", str(write(bodies)))
        drain()

    return done


@pytest.fixture
def explain(run: Run) -> Explain:
    def told(*arguments: str) -> Any:
        return json.loads(run("explain", *arguments, "--customer", "ada", "--json").stdout)

    return told


@pytest.mark.parametrize("situation", SITUATIONS)
def test_why_these_grants(publish: Publish, explain: Explain, run: Run, situation: str) -> None:
    bodies, expected = SITUATIONS[situation]
    publish(*bodies)
    (told,) = explain(str(len(bodies)))
    assert [(row["grant"], row["verdict"]) for row in told["candidates"]] == expected
    assert told["agrees"] is True
    used = [part for row in told["candidates"] for part in row["paid"]]
    assert used == told["allocations"]
    text = run("explain", str(len(bodies)), "--customer", "ada").stdout
    assert "order of use standard/1: lower priority number, sooner expiry" in text
    assert "exactly this comes out" in text


def test_the_words_say_when_what_and_how_much(publish: Publish, run: Run) -> None:
    publish(
        grant("old", 50, priority=1, expires_at=ago(10), time=ago(20)),
        grant("api", 50, scope=["api"], priority=2),
        grant("any", 100),
        invoice(120, lines=LINES),
    )
    text = run("explain", "4", "--customer", "ada").stdout
    assert "1.20 of credit applied on invoice INV" in text
    assert "to be paid: 1.20: l1 0.60 (web); l2 0.60 (api)" in text
    assert f"skipped: expired at {ago(10).replace('+00:00', 'Z')}" in text
    assert "used: pays 0.50 (l2 0.50); used up" in text
    assert "used: pays 0.70 (l1 0.60, l2 0.10); 0.30 left" in text
    assert text.count("lower priority number") == 3  # once in the order, and for two of the grants


def test_grants_of_the_same_fate_are_counted(publish: Publish, explain: Explain, run: Run) -> None:
    publish(*(grant(f"g{number}", 2) for number in range(40)), invoice(30))
    text = run("explain", "41", "--customer", "ada").stdout
    assert text.count("used: pays") == 15
    assert text.count("not reached: all was paid by then") == 10
    assert "and 15 more not reached; --json has them all" in text
    (told,) = explain("41")
    assert len(told["candidates"]) == 40


def test_of_very_many_grants_those_with_nothing_left_are_counted(
    publish: Publish, explain: Explain, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.cli.explain_reasons.LISTED_MAX", 2)
    publish(*(grant(name, 40) for name in "abc"), invoice(40, "EARLIER"), invoice(30))
    (told,) = explain("5")
    assert [row["grant"] for row in told["candidates"]] == ["b", "c"]
    assert told["left_out"] == 1
    text = run("explain", "5", "--customer", "ada").stdout
    assert "1 more grant had nothing left" in text
    assert "more grant" not in run("explain", "4", "--customer", "ada").stdout


def test_the_order_is_that_of_its_time(
    publish: Publish, explain: Explain, database_url: str
) -> None:
    """The entry names its order; what the tenant has set since then does not matter."""
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO tenants VALUES ('default', 1, '{\"order\": \"fifo\"}')")
    publish(grant("first", 50, priority=9), grant("second", 50, priority=1), invoice(60))
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO tenants VALUES ('default', 2, '{}')")
    (told,) = explain("3")
    assert (told["order"], told["order_keys"]) == ("fifo/1", ["seq", "id"])
    assert [row["grant"] for row in told["candidates"]] == ["first", "second"]
    assert told["agrees"] is True


def test_an_invoice_from_its_creation_to_its_end(publish: Publish, run: Run) -> None:
    """What came back to a grant that had expired meanwhile expires at once."""
    publish(
        grant("old", 50, expires_at=ago(10), time=ago(20)),
        grant("new", 50),
        invoice(80, issued_at=ago(15)),
        line("invoice.voided", "v", invoice="INV"),
    )
    result = run("explain", "--invoice", "INV")
    assert result.exit_code == 0
    told = " ".join(result.stdout.split())
    assert "Entry 3 of ada (default), USD: 0.80 of credit applied on invoice INV" in told
    assert "in exactly the reverse order of use, to the grants it came from: new 0.30, old" in told
    assert "0.50 went at once, because the grant it came back to had expired: old 0.50" in told
    assert told.count("exactly this comes out") == 3


def test_an_invoice_that_no_credit_touched(publish: Publish, run: Run) -> None:
    publish(
        invoice(10, "DRAFT", status="draft"),
        invoice(0, "NOTHING"),
        invoice(10, "OFF", auto_apply=False),
        invoice(10, "POOR"),
    )
    reasons = {
        "DRAFT": "it is draft, and only an open invoice takes credit",
        "NOTHING": "there was nothing to pay",
        "OFF": "it came with auto_apply off",
        "POOR": "no grant could pay any of its 0.10 USD",
    }
    for name, reason in reasons.items():
        assert reason in " ".join(run("explain", "--invoice", name).stdout.split())


def test_an_expiry_run(
    publish: Publish, explain: Explain, store: PostgresStore, database_url: str
) -> None:
    publish(grant("g", 50), invoice(20))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE grants SET expires_at = clock_timestamp() - interval '2 hours'")
    assert expire_due(store) == 1
    (told,) = explain("3")
    assert (told["amount"], told["agrees"]) == (-30, True)
    assert told["sentence"].startswith("0.30 expired, all that was left")


def test_a_ledger_that_says_otherwise(publish: Publish, run: Run, database_url: str) -> None:
    """Somebody with more rights than the worker has moved the use to another grant."""
    publish(grant("a", 50, priority=1), grant("b", 50, priority=2), invoice(40))
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
        connection.execute("""UPDATE entries SET allocations = '[["b", null, 40]]' WHERE seq = 3""")
    result = run("explain", "3", "--customer", "ada")
    assert result.exit_code == 1
    told = " ".join(result.stdout.split())
    assert "DIFFERENT: decided again" in told
    assert "this comes out: application a 0.40" in told
    assert "1 a 0.50 1 could have paid and did not" in told


def test_a_ledger_with_a_hole(publish: Publish, run: Run, database_url: str) -> None:
    publish(grant("a", 50), grant("b", 50), invoice(40))
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM entries WHERE seq = 2")
    result = run("explain", "3", "--customer", "ada")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "run `scrip verify`" in result.stderr


@pytest.mark.parametrize("seed", [1, 2])
def test_every_entry_of_a_long_story_can_be_decided_again(
    publish: Publish, store: PostgresStore, seed: int
) -> None:
    """Whatever was asked, the ledger holds enough to come to the same."""
    publish(*mix(seed, 500))
    looked = 0
    with snapshot(store.engine) as seen:
        for books in seen.books():
            for case in cases(books, books.entries, range(1, books.seq + 1)):
                looked += 1
                assert case.agrees, (books.key, case.entry)
    assert looked > 100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["9", "--customer", "ada", "--currency", "USD"], "no entry 9: its newest entry is 1"),
        (["1", "--customer", "ada"], "there are accounts in JPY, USD"),
        (["--message", "nope", "--customer", "ada"], "no message nope has been decided"),
        (["--invoice", "nope"], "no account has an invoice nope"),
        (["1"], "give one of"),
        (["1", "--invoice", "INV", "--customer", "ada"], "give one of"),
        ([], "give one of"),
    ],
)
def test_what_is_not_there(publish: Publish, run: Run, arguments: list[str], sentence: str) -> None:
    publish(grant("g", 10), line("credit.grant", "y", amount=1, currency="JPY"))
    result = run("explain", *arguments)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert sentence in result.stderr


def test_there_are_words_for_everything() -> None:
    assert KEY_WORDS.keys() == KEYS.keys()
    assert REASONS.keys() == set(Refusal)
