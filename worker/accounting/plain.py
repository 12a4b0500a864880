"""CSV for spreadsheets, JSON lines for programs."""

import csv
import io

from domain.jsontext import json_encoder
from domain.money import major_units
from worker.accounting.transactions import Transaction

_OF_TRANSACTION = (
    "tenant", "customer", "currency", "seq", "kind", "invoice", "reverses", "cause_source",
    "cause_id", "cause_type", "recorded_at", "dated_at", "created_by", "note", "reason", "tags",
    "metadata",
)  # fmt: skip
_OF_POSTING = ("grant", "line", "item", "ledger_account", "memo")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_encode = json_encoder(ascii_only=False)


class Csv:
    """A row for each posting.

    Text that a spreadsheet would take for a formula has an apostrophe in front.
    """

    def head(self) -> str:
        """The names of the columns."""
        return _row(("date", "account", "amount", *_OF_TRANSACTION, *_OF_POSTING))

    def transaction(self, one: Transaction) -> str:
        """Rows whose amounts sum to zero."""
        facts = [_text(one.facts.get(name, "")) for name in _OF_TRANSACTION]
        return "".join(
            _row(
                (
                    one.day.isoformat(),
                    account,
                    major_units(amount, one.decimals),
                    *facts,
                    *(_text(said.get(name, "")) for name in _OF_POSTING),
                )
            )
            for account, amount, said in one.postings
        )

    def tail(self) -> str:
        """Nothing."""
        return ""


class JsonLines:
    """An object for each transaction; amounts in minor units, with the currency's decimals."""

    def head(self) -> str:
        """Nothing."""
        return ""

    def transaction(self, one: Transaction) -> str:
        """One line."""
        postings = [
            {"account": account, "amount": amount, **facts}
            for account, amount, facts in one.postings
        ]
        facts = {**one.facts, "seq": one.entry.seq, "reverses": one.entry.reverses}
        about = {"date": one.day.isoformat(), "decimals": one.decimals, **facts}
        return _encode({**about, "postings": postings}) + "\n"

    def tail(self) -> str:
        """Nothing."""
        return ""


def _row(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
