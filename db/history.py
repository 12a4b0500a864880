"""What deciding everything again needs beside the books: `scrip verify --journal` reads it."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from db.books import Snapshot
from db.rows import settings_of
from db.tables import accounts, receipts
from db.tables_kept import transfers
from db.tables_shared import quarantine, tenants
from domain.changes import Key
from domain.identity import AccountKey, Id128, account_id
from domain.settings import AccountSettings, TenantSettings


class Standing(NamedTuple):
    """What an account's row says beside its books."""

    decided_at: datetime | None
    settings: AccountSettings
    has_enough: bool


class Version(NamedTuple):
    """A version of a tenant's settings."""

    tenant: str
    settings: TenantSettings
    since: datetime


class Aside(NamedTuple):
    """A row of the quarantine without its bytes; the digest is SHA-256 in hex."""

    digest: str
    state: str
    reason: str
    since: datetime


def standings(seen: Snapshot) -> Iterator[Standing]:
    """One for each account, in the order of `Snapshot.books`."""
    said_columns = (accounts.c[field] for field in AccountSettings.__slots__)
    wanted = select(accounts.c.decided_at, *said_columns, accounts.c.has_enough)
    for decided_at, *said, has_enough in seen.stream(wanted.order_by(accounts.c.account_id)):
        yield Standing(decided_at, AccountSettings(*said), has_enough)


def versions(seen: Snapshot) -> Iterator[Version]:
    """Every version of every tenant's settings, oldest first within a tenant."""
    wanted = select(tenants.c.tenant, tenants.c.version, tenants.c.settings, tenants.c.since)
    for tenant, version, said, since in seen.stream(wanted.order_by(*wanted.selected_columns[:2])):
        yield Version(tenant, settings_of(version, said), since)


def configured(seen: Snapshot) -> Iterator[tuple[Key, str, datetime]]:
    """The messages that made versions: their keys, their tenants and when they were decided."""
    wanted = (
        select(
            receipts.c.account_id,
            receipts.c.source,
            receipts.c.id,
            accounts.c.tenant,
            receipts.c.decided_at,
        )
        .join_from(receipts, accounts, receipts.c.account_id == accounts.c.account_id)
        .where(receipts.c.type == "tenant.configure", receipts.c.outcome == "applied")
    )
    for account, source, name, tenant, now in seen.stream(wanted):
        yield Key(account, source, name), tenant, now


def transferred(seen: Snapshot) -> Iterator[tuple[Id128, Id128]]:
    """Accounts between which credit has moved: the sender's id and the receiver's."""
    wanted = select(
        transfers.c.account_id, accounts.c.tenant, transfers.c.to_customer, accounts.c.currency
    ).join_from(transfers, accounts, transfers.c.account_id == accounts.c.account_id)
    for sender, *receiver in seen.stream(wanted.distinct()):
        yield sender, account_id(AccountKey(*receiver))


def set_aside(seen: Snapshot) -> Iterator[Aside]:
    """The quarantine, whatever became of its rows."""
    wanted = select(
        quarantine.c.digest, quarantine.c.state, quarantine.c.reason, quarantine.c.since
    )
    for digest, *rest in seen.stream(wanted):
        yield Aside(digest.hex(), *rest)
