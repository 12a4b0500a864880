"""What stays in memory between batches is what the database holds, or is not used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import psycopg
import pytest
from sqlalchemy import Engine

from db import gather
from db.at_hand import AtHand
from db.engine import engine_for
from db.store import PostgresStore
from domain.account import Account
from domain.batch import decide_batch
from domain.changes import Changes
from domain.credit import Grant
from domain.identity import AccountKey
from domain.messages import Message
from domain.wanted import wanted
from tests import builders
from tests.builders import NOON
from worker.process import Batch, process

MANY = 1_000


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


def settle(store: PostgresStore, *messages: Message) -> None:
    process(Batch(messages=list(messages)), store, None)


def left(store: PostgresStore, message: Message) -> dict[str, int]:
    """What the grants have left, as a batch with this message would be given them."""
    with store.transaction(None) as transaction:
        state = transaction.gather(wanted([message]))
    (account,) = state.accounts.values()
    return {grant.grant: grant.remaining for grant in account.grants.values() if grant.remaining}


def asked_for(store: PostgresStore, *messages: Message) -> list[list[str]]:
    """The accounts whose open grants the batch has read, a list for each time."""
    with mock.patch.object(gather, "_ask_open_grants", wraps=gather._ask_open_grants) as ask:
        settle(store, *messages)
    return [call.args[1] for call in ask.call_args_list if call.args[1]]


def test_the_next_batch_does_not_read_what_the_last_one_wrote(engine: Engine) -> None:
    store = PostgresStore(engine, MANY)
    first = builders.grant(100, "a")
    assert asked_for(store, first) == [[first.account_id]]
    assert asked_for(store, builders.deduct(30)) == []
    assert left(store, first) == {"a": 70}


def test_none_stays_where_none_may(engine: Engine) -> None:
    store = PostgresStore(engine)
    first = builders.grant(100, "a")
    for message in (first, builders.deduct(30)):
        assert asked_for(store, message) == [[first.account_id]]


def test_what_another_has_written_is_read_again(engine: Engine) -> None:
    one, other = PostgresStore(engine, MANY), PostgresStore(engine, MANY)
    first = builders.grant(100, "a")
    settle(one, first)
    settle(other, builders.deduct(30, id="1"))
    assert asked_for(one, builders.deduct(20, id="2")) == [[first.account_id]]
    assert asked_for(other, builders.grant(5, "b")) == [[first.account_id]]
    assert left(one, first) == {"a": 50, "b": 5}


def test_an_account_that_was_archived_and_begins_anew_is_read_again(
    engine: Engine, database_url: str
) -> None:
    store = PostgresStore(engine, MANY)
    first = builders.grant(100, "a")
    settle(store, first)
    with psycopg.connect(database_url, autocommit=True) as database:
        for table in ("grants", "accounts"):
            database.execute(f"DELETE FROM {table}".encode())
    assert left(store, first) == {}


def test_what_was_decided_and_not_committed_is_forgotten(engine: Engine) -> None:
    store = PostgresStore(engine, MANY)
    first = builders.grant(100, "a")
    settle(store, first)
    spending = builders.deduct(30)

    def break_off() -> None:
        with store.transaction(None) as transaction:
            transaction.save(decide_batch(transaction.gather(wanted([spending])), [spending]), ())
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert asked_for(store, builders.deduct(1)) == [[first.account_id]]
    assert left(store, first) == {"a": 99}


def changes(account_id: str, grants: int) -> Changes:
    """As of a batch that has written an account with so many grants."""
    account = Account(account_id, AccountKey("t", account_id, "USD"))
    for number in range(grants):
        account.grants[str(number)] = Grant(str(number), number, 1, 1)
    account.enter(NOON, lambda grant: grant.seq)
    return Changes(NOON, {account_id: account})


def test_the_accounts_written_last_stay() -> None:
    at_hand = AtHand(6)
    for name in "abc":
        at_hand.keep(changes(name, 2), "7")
    assert at_hand.take("abc").keys() == {"b", "c"}
    assert at_hand.take("abc") == {}


def test_accounts_without_credit_do_not_stay_for_ever() -> None:
    """Each takes room, though it has no grant."""
    at_hand = AtHand(2)
    for name in "abc":
        at_hand.keep(changes(name, 0), "7")
    assert at_hand.take("abc").keys() == {"b", "c"}


def test_one_account_of_too_many_grants_does_not_stay() -> None:
    at_hand = AtHand(6)
    at_hand.keep(changes("a", 6), "7")
    at_hand.keep(changes("b", 5), "7")
    assert at_hand.take("ab").keys() == {"b"}


def test_a_grant_that_is_used_up_does_not_stay_for_ever() -> None:
    """A few may, so that not every batch has to sift them out."""
    at_hand, kept = AtHand(MANY), changes("a", 40)
    account = kept.accounts["a"]
    for grant in list(account.in_order())[:30]:
        account.grants[grant.grant].remaining = 0
    account._open = [grant for grant in account.grants.values() if grant.remaining]
    at_hand.keep(kept, "7")
    known: Any = at_hand.take("a")["a"]
    assert len(known.account.grants) == 10
