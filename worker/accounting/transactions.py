"""An entry as one balanced transaction: credit that customers have is a liability."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from typing import Any, NamedTuple

from db.look_ups import By
from domain.fields import rfc3339
from domain.identity import AccountKey
from domain.jsontext import json_encoder
from domain.ledger import Entry
from domain.messages import Cause
from domain.vocabulary import SIGN, Category, Kind
from worker.accounting.chart import Chart

Lot = tuple[str | None, Sequence[Mapping[str, Any]] | None]
"""The category of an allocation's grant, and the line items of a grant that is new."""

WRITEOFF_REVERSED = "writeoff.reverse"

_ROLES = {
    Kind.GRANT: "issued",
    Kind.DEDUCTION: "deducted",
    Kind.APPLICATION: "applied",
    Kind.EXPIRY: "expired",
    Kind.VOID: "voided",
    Kind.TRANSFER_OUT: "moved",
    Kind.TRANSFER_IN: "moved",
    Kind.WRITEOFF_GRANT: "written_off",
    Kind.WRITEOFF_APPLICATION: "applied",
}
_WORDS = {
    Kind.GRANT: "credit granted",
    Kind.DEDUCTION: "credit deducted",
    Kind.APPLICATION: "credit applied",
    Kind.REVERSAL: "credit given back",
    Kind.EXPIRY: "credit expired",
    Kind.VOID: "credit voided",
    Kind.TRANSFER_OUT: "credit sent to another customer",
    Kind.TRANSFER_IN: "credit come from another customer",
    Kind.WRITEOFF_GRANT: "shortfall written off",
    Kind.WRITEOFF_APPLICATION: "write-off applied",
}
_encode = json_encoder(ascii_only=False)


class Posting(NamedTuple):
    """One side of a transaction; minor units, debits positive."""

    account: str
    amount: int
    facts: Mapping[str, str] = {}
    """Such as grant, line, item: what the amount is a part of."""


class Transaction(NamedTuple):
    """An entry with its postings, which sum to zero."""

    key: AccountKey
    entry: Entry
    day: date
    commodity: str
    decimals: int
    postings: tuple[Posting, ...]

    @property
    def words(self) -> str:
        """What happened, for people."""
        words, invoice = _WORDS[self.entry.kind], self.entry.invoice
        return words if invoice is None else f"{words}, invoice {invoice}"

    @property
    def facts(self) -> dict[str, str]:
        """Where it comes from: only what there is, in a fixed order."""
        entry, said = self.entry, json.loads(self.entry.context) if self.entry.context else {}
        facts = {
            "kind": entry.kind.value,
            **self.key._asdict(),
            "seq": str(entry.seq),
            "invoice": entry.invoice,
            "reverses": " ".join(map(str, entry.reverses)),
            **{f"cause_{name}": value for name, value in entry.cause._asdict().items()},
            "recorded_at": rfc3339(entry.recorded_at),
            "dated_at": rfc3339(entry.dated_at),
            "created_by": said.get("created_by", {}).get("id"),
            "note": said.get("note"),
            "reason": said.get("reason"),
            "tags": _encode(said["tags"]) if said.get("tags") else None,
            "metadata": _encode(said["metadata"]) if said.get("metadata") else None,
        }
        return {name: value for name, value in facts.items() if value}


def transaction_of(
    key: AccountKey, entry: Entry, lots: Sequence[Lot], chart: Chart, decimals: int, by: By
) -> Transaction:
    """An entry with its postings: credit by allocation, then the other side by account.

    Its day is that of the instant that counts, in UTC. An allocation without a grant breaks I6
    and cannot be booked: `scrip verify` names it.
    """
    instant = entry.recorded_at if by is By.RECORDED else entry.dated_at
    return Transaction(
        key,
        entry,
        instant.astimezone(UTC).date(),
        chart.commodity(key.currency),
        decimals,
        tuple(_postings(entry, lots, chart)),
    )


def _postings(entry: Entry, lots: Sequence[Lot], chart: Chart) -> Iterator[Posting]:
    role, sign = role_of(entry.kind, entry.cause, entry.invoice), SIGN[entry.kind]
    others = dict[str, int]()
    itemised = list[Posting]()
    for (grant, line, amount), (named, items) in zip(entry.allocations, lots, strict=True):
        assert named is not None, f"seq {entry.seq} uses a grant that is not there: {grant}"
        category = Category(named)
        facts = {"grant": grant} if line is None else {"grant": grant, "line": line}
        yield Posting(chart.account("liability", category), -sign * amount, facts)
        if items:
            itemised += [_item(item, category, chart) for item in items]
        else:
            other = chart.account(role, category)
            others[other] = others.get(other, 0) + sign * amount
    yield from itemised
    yield from (Posting(account, amount) for account, amount in others.items())


def _item(item: Mapping[str, Any], category: Category, chart: Chart) -> Posting:
    account = item.get("ledger_account")
    facts = {"item": item["id"], "ledger_account": account, "memo": item.get("memo")}
    said = {name: value for name, value in facts.items() if value is not None}
    return Posting(chart.of_line_item(account, category), item["amount"], said)


def role_of(kind: Kind, cause: Cause, invoice: str | None) -> str:
    """The other side's account; what gives back is the other way round of what took.

    A write-off that is taken back is a reversal with its invoice and a void.
    """
    if kind is Kind.REVERSAL:
        return "deducted" if invoice is None else "applied"
    if kind is Kind.VOID and cause.type == WRITEOFF_REVERSED:
        return "written_off"
    return _ROLES[kind]
