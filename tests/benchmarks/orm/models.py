"""What an ordinary service keeps of customer credit: six mapped tables, ids by sequence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Money is in minor units, instants are in UTC."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to declare it
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Row(Base):
    """What all of them have."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Account(Row):
    """One customer's credit in one currency; its row is locked while a message is handled."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("tenant", "customer", "currency"),)

    tenant: Mapped[str]
    customer: Mapped[str]
    currency: Mapped[str]
    balance: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    event_seq: Mapped[int] = mapped_column(default=0)


class OfAccount(Row):
    """What belongs to an account."""

    __abstract__ = True

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class Grant(OfAccount):
    """A lot of credit and what is left of it."""

    __tablename__ = "credit_grant"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    name: Mapped[str]
    amount: Mapped[int]
    remaining: Mapped[int]
    category: Mapped[str]
    priority: Mapped[int]
    expires_at: Mapped[datetime | None]


class Entry(OfAccount):
    """A row of the ledger, with the grants that it touches."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("account_id", "seq"),)

    seq: Mapped[int]
    kind: Mapped[str]
    amount: Mapped[int]
    balance: Mapped[int]
    invoice: Mapped[str | None]
    allocations: Mapped[list[dict[str, Any]]]
    source: Mapped[str]
    message_id: Mapped[str]


class Invoice(OfAccount):
    """An invoice and what of it credit has paid."""

    __tablename__ = "invoice"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    name: Mapped[str]
    amount_due: Mapped[int]
    applied: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="open")


class Receipt(OfAccount):
    """What became of a message; its key makes a second delivery harmless."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("account_id", "source", "message_id"),)

    source: Mapped[str]
    message_id: Mapped[str]
    type: Mapped[str]
    digest: Mapped[str]
    outcome: Mapped[str]
    repeats: Mapped[int] = mapped_column(default=0)
    conflicts: Mapped[int] = mapped_column(default=0)


class Outbox(OfAccount):
    """An event that waits to be published."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("account_id", "event_seq"),)

    event_seq: Mapped[int]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
