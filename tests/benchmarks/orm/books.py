"""The ORM worker's database: opening grants in bulk, and books held to the model's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, create_engine, func, insert, make_url, select
from sqlalchemy.orm import Session

from tests.benchmarks.orm.messages import PARSED, Granted, digest
from tests.benchmarks.orm.models import Account, Base, Entry, Grant, Outbox, Receipt, Row
from tests.end_to_end.model import Model


def engine_on(url: str) -> Engine:
    """On psycopg."""
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_size=1)


def open_books(engine: Engine, setup: Iterable[bytes]) -> None:
    """The schema, with every opening grant as if a message had brought it."""
    Base.metadata.create_all(engine)
    granted = [PARSED.validate_json(message) for message in setup]
    accounts: dict[tuple[str, str, str], dict[str, Any]] = {}
    rows: dict[type[Row], list[dict[str, Any]]] = {Grant: [], Entry: [], Receipt: [], Outbox: []}
    for message in granted:
        assert isinstance(message, Granted)
        data = message.data
        key = {"tenant": data.tenant, "customer": data.customer, "currency": data.currency}
        unused = {"id": len(accounts) + 1, **key, "balance": 0, "seq": 0, "event_seq": 0}
        account = accounts.setdefault((data.tenant, data.customer, data.currency), unused)
        for counter, step in (("balance", data.amount), ("seq", 1), ("event_seq", 1)):
            account[counter] += step
        for table, row in _rows(message, account).items():
            rows[table].append({"account_id": account["id"], **row})
    with Session(engine) as session, session.begin():
        session.execute(insert(Account), list(accounts.values()))
        for table, written in rows.items():
            session.execute(insert(table), written)
        last = func.setval(func.pg_get_serial_sequence("account", "id"), len(accounts))
        session.execute(select(last))


def _rows(message: Granted, account: dict[str, Any]) -> dict[type[Row], dict[str, Any]]:
    terms = message.data.model_dump(include={"amount", "category", "priority", "expires_at"})
    named = {"source": message.source, "message_id": message.id}
    allocations = [{"grant": message.id, "amount": terms["amount"]}]
    entry = {name: account[name] for name in ("seq", "balance")} | named
    entry |= {"kind": "grant", "amount": terms["amount"], "allocations": allocations}
    receipt = {**named, "type": message.type, "digest": digest(message), "outcome": "applied"}
    told = {"balance": account["balance"], "allocations": allocations}
    return {
        Grant: {**terms, "name": message.id, "remaining": terms["amount"]},
        Entry: entry,
        Receipt: receipt,
        Outbox: {
            "event_seq": account["event_seq"],
            "type": "credit.balance_changed",
            "payload": told,
        },
    }


def complaints(engine: Engine, setup: Iterable[bytes], messages: Iterable[bytes]) -> list[str]:
    """What is not as the model has it, which takes each account's messages in the worker's order.

    Two processes may take neighbours of one queue the other way round; a receipt's number is
    drawn under the account's lock, so it says which order that was.
    """
    said = {(m["data"]["customer"], m["id"]): m for m in map(json.loads, [*setup, *messages])}
    key = select(Account.customer, Receipt.message_id).join(
        Receipt, Receipt.account_id == Account.id
    )
    left = select(func.sum(Grant.remaining)).where(Grant.account_id == Account.id)
    summed = select(func.sum(Entry.amount)).where(Entry.account_id == Account.id)
    with Session(engine) as session:
        taken = [(customer, name) for customer, name in session.execute(key.order_by(Receipt.id))]
        books = session.execute(
            select(
                Account.customer, Account.balance, left.scalar_subquery(), summed.scalar_subquery()
            )
        ).all()
    model = Model()
    for name in taken:
        model.take(said[name])
    wrong = (
        [f"{len(said.keys() - set(taken))} messages not taken"] if len(said) > len(taken) else []
    )
    for customer, *found in books:
        expected = model.balances[customer]
        if found != [expected] * 3:
            wrong.append(f"{customer} has balance, grants, ledger {found} and not {expected}")
    return wrong
