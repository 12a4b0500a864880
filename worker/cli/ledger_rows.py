"""Ledger rows, as a table for people and as data for programs."""

import json
from collections.abc import Iterable

from rich.table import Table

from domain.fields import rfc3339
from domain.ledger import Entry
from worker.cli.output import money, plain, table, when
from worker.state import Data, entry_data


def ledger_table(title: str, entries: Iterable[Entry], currency: str) -> Table:
    """Ledger rows with their running balance."""
    return table(
        title,
        ("seq", "kind", "amount", "balance", "invoice", "when (UTC)", "dated", "by", "note",
         "cause"),
        (_row(entry, currency) for entry in entries),
        right=("seq", "amount", "balance"),
        fold=("invoice", "by", "note", "cause"),
    )  # fmt: skip


def row_data(entry: Entry) -> Data:
    """A ledger row with everything that it says; amounts in minor units."""
    return {
        **entry_data(entry),
        "dated_at": rfc3339(entry.dated_at),
        "recorded_at": rfc3339(entry.recorded_at),
        "context": said(entry) or None,
    }


def said(entry: Entry) -> Data:
    """What people said with the message: created_by, note, reason, metadata, tags."""
    found: Data = json.loads(entry.context) if entry.context else {}
    return found


def _row(entry: Entry, currency: str) -> tuple[str, ...]:
    context, sign = said(entry), "+" if entry.amount > 0 else ""
    recorded, dated = when(entry.recorded_at), when(entry.dated_at)
    return (
        str(entry.seq),
        entry.kind,
        sign + money(entry.amount, currency),
        money(entry.balance, currency),
        plain(entry.invoice),
        recorded,
        dated if dated != recorded else "",
        plain(context.get("created_by", {}).get("id")),
        plain(context.get("note") or context.get("reason")),
        plain(entry.cause.id),
    )
