"""The messages that this worker understands, parsed by pydantic."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

Amount = Annotated[int, Field(gt=0, le=10**15, strict=True)]


class OfAccount(BaseModel):
    """Names the account."""

    tenant: str = "default"
    customer: str
    currency: str


class GrantData(OfAccount):
    """New credit."""

    amount: Amount
    category: Literal["paid", "promotional"] = "paid"
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    expires_at: datetime | None = None


class DeductData(OfAccount):
    """Credit that is used for no invoice."""

    amount: Amount


class InvoiceData(OfAccount):
    """What a customer owes."""

    invoice: str
    amount_due: Annotated[int, Field(ge=0, le=10**15, strict=True)]


class Event(BaseModel):
    """What every message has."""

    specversion: Literal["1.0"]
    id: str
    source: str
    time: datetime


class Granted(Event):
    """credit.grant"""

    type: Literal["credit.grant"]
    data: GrantData


class Deducted(Event):
    """credit.deduct"""

    type: Literal["credit.deduct"]
    data: DeductData


class Invoiced(Event):
    """invoice.created"""

    type: Literal["invoice.created"]
    data: InvoiceData


Message = Annotated[Granted | Deducted | Invoiced, Field(discriminator="type")]
PARSED: TypeAdapter[Granted | Deducted | Invoiced] = TypeAdapter(Message)


def digest(message: Granted | Deducted | Invoiced) -> str:
    """Of the body: another one under the same id is a conflict."""
    body = f"{message.type}:{message.data.model_dump_json()}"
    return hashlib.sha256(body.encode()).hexdigest()
