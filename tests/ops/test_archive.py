"""db/archive.sql: accounts at rest move out and back, and every promise holds on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy.engine import make_url

from db.closings import close
from db.engine import engine_for
from db.store import PostgresStore
from domain.deductions import DeductCredit
from domain.digests import digests
from domain.messages import Body, Cause, Message
from tests.benchmarks.history import Past, load
from tests.end_to_end.outsider import wait_for
from tests.ops.installation import run
from worker.closings import close_due
from worker.process import Batch, settle

PROCEDURE = Path(__file__).parents[2] / "db" / "archive.sql"
PAST = Past(entries=4_000, accounts=40)
TABLES = ("accounts", "entries", "grants", "invoices", "receipts", "writeoffs", "returned",
          "closings", "closing_grants")  # fmt: skip
NOWHERE = "redis://127.0.0.1:1/0"
KEPT = "cus-0000000"
"""Has decided something of late."""


class Archive(NamedTuple):
    """A database whose other accounts are archived."""

    owner: psycopg.Connection[Any]
    live: str
    """URLs."""
    archive: str
    before: dict[str, str]


@pytest.fixture
def archive(database_url: str) -> Iterator[Archive]:
    """All of it moved but one account, bucket by bucket."""
    load(database_url, PAST)
    engine = engine_for(database_url)
    assert close_due(engine, every=30) == 3 * PAST.accounts
    engine.dispose()
    name = make_url(database_url).database
    role = f"archivist_{name}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(PROCEDURE.read_bytes())
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'a' IN ROLE scrip_worker".encode())
        owner.execute(f"ALTER ROLE {role} SET search_path = archive, public".encode())
        recent = b"UPDATE accounts SET decided_at = now() WHERE customer = %s"
        owner.execute(recent, (KEPT,))
        before = digest(owner, "public")
        owner.execute(
            b"SELECT archive.move(bucket, now() - interval '10 minutes', 1000000000)"
            b" FROM generate_series(0, 1023) bucket"
        )
        url = make_url(database_url).set(username=role, password="a")
        yield Archive(owner, database_url, url.render_as_string(hide_password=False), before)
        owner.execute(f"DROP ROLE {role}".encode())


def digest(owner: psycopg.Connection[Any], *schemas: str) -> dict[str, str]:
    """All rows of each table, together in some schemas, as one hash."""
    found = {}
    for table in TABLES:
        rows = " UNION ALL ".join(f"SELECT t::text AS row FROM {s}.{table} t" for s in schemas)
        asked = f"SELECT count(*) || md5(string_agg(row, ';' ORDER BY row)) FROM ({rows}) r"
        found[table] = owner.execute(asked.encode()).fetchall()[0][0]
    return found


def verified(url: str) -> tuple[bool, int, int]:
    """What `scrip verify` says: whether it is clean, how many accounts and entries it saw."""
    done = run("-m", "worker.cli", "verify", "--json", DATABASE_URL=url, BROKER_URL=NOWHERE)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    return said["clean"], said["checked"]["accounts"], said["checked"]["entries"]


def deduction(customer: str, name: str) -> Message:
    """A small one."""
    body: Body = DeductCredit(customer=customer, currency="USD", amount=1)
    cause = Cause("/shop", name, "credit.deduct")
    raw = f"{customer} {name}".encode()
    return Message(cause, datetime.now(UTC), body, digests(cause.type, cause.id, body), raw)


def settled(archive: Archive, *messages: Message) -> None:
    """As a reader has them settled."""
    engine = engine_for(archive.live)
    settle(Batch(list(messages)), PostgresStore(engine), None)
    engine.dispose()


def test_both_parts_verify_and_together_they_are_the_whole(archive: Archive) -> None:
    """Each account is whole where it is, with the chain that it had."""
    assert verified(archive.live) == (True, 1, 100)
    assert verified(archive.archive) == (True, 39, 3_900)
    assert digest(archive.owner, "public", "archive") == archive.before


def test_what_was_brought_back_is_what_it_was(archive: Archive) -> None:
    """Byte for byte."""
    archive.owner.execute(b"SELECT archive.bring_back(array_agg(account_id)) FROM archived")
    assert digest(archive.owner, "public") == archive.before
    assert verified(archive.live) == (True, 40, 4_000)


def test_a_message_for_an_archived_account_waits_in_quarantine(archive: Archive) -> None:
    """It begins no second ledger (R20), holds up nobody, and is decided once it is redriven."""
    late, other, new = (deduction(name, "m1") for name in ("cus-0000001", KEPT, "cus-new"))
    settled(archive, late, other, new)
    held = archive.owner.execute(b"SELECT raw FROM quarantine WHERE state = 'held'").fetchall()
    assert held == [(late.raw,)]
    decided = archive.owner.execute(b"SELECT count(*) FROM receipts WHERE id = 'm1'")
    assert decided.fetchall() == [(2,)]

    archive.owner.execute(b"SELECT archive.bring_back(array_agg(account_id)) FROM archived")
    settled(archive, late)
    assert verified(archive.live) == (True, 41, 4_002)


def test_a_closing_waits_for_the_move_of_its_account(archive: Archive) -> None:
    """And is not made then: no row is left without its account (I15)."""
    owner, engine = archive.owner, engine_for(archive.live)
    owner.execute(b"SELECT archive.bring_back(array_agg(account_id)) FROM archived")
    asked = b"SELECT account_id::text, bucket FROM accounts WHERE customer = 'cus-0000001'"
    ((account, bucket),) = owner.execute(asked).fetchall()
    with psycopg.connect(archive.live) as mover, ThreadPoolExecutor(1) as pool:
        moved = b"SELECT accounts FROM archive.move(%s, now() - interval '10 minutes', 1000000000)"
        assert mover.execute(moved, (bucket,)).fetchall() == [(1,)]
        made = pool.submit(close, engine, account.replace("-", ""), 5)
        waiting = b"SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_for("the closing", lambda: made.done() or owner.execute(waiting).fetchall())
        mover.commit()
        assert not made.result()
    engine.dispose()
    assert verified(archive.live)[0]


@pytest.mark.parametrize("schema", ["public", "archive"])
def test_entries_are_as_immutable_as_before(archive: Archive, schema: str) -> None:
    """I10 holds on both sides once the move is over."""
    with pytest.raises(psycopg.errors.RaiseException, match="never updated or deleted"):
        archive.owner.execute(f"DELETE FROM {schema}.entries".encode())
