"""hledger's syntax. It has no quotes for text, so what it would read as its own is encoded."""

from collections.abc import Mapping
from urllib.parse import quote

from domain.money import major_units
from worker.accounting.formats import Seen, escaped
from worker.accounting.transactions import Posting, Transaction

_SPECIAL = "%,;|["
"""A comma ends a tag, a semicolon a description, and a bracket may begin a date of its own."""


class Hledger:
    """A journal for `hledger check --strict`; what it declares stands at its end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen = Seen()

    def head(self) -> str:
        """A comment, and how numbers are to be read."""
        return f"; {escaped(self._title, '', _code)}\n\ndecimal-mark .\n"

    def transaction(self, one: Transaction) -> str:
        """A transaction: the code is the entry's seq, the customer the payee."""
        self._seen.note(one)
        words = f"{_encoded(one.key.customer)} | {_encoded(one.words)}"
        lines = [f"\n{one.day} ({one.entry.seq}) {words}"]
        lines += [f"    ; {tag}" for tag in _tags(one.facts)]
        lines += [_posting(posting, one) for posting in one.postings]
        return "\n".join(lines) + "\n"

    def tail(self) -> str:
        """The commodities with their decimals, and the accounts."""
        units = (
            f"commodity 1000.{'0' * decimals} {_commodity(unit)}\n"
            for unit, (_, decimals) in sorted(self._seen.units.items())
        )
        accounts = (f"account {account}\n" for account in sorted(self._seen.accounts))
        return "\n" + "".join((*units, *accounts)) if self._seen.accounts else ""


def _posting(posting: Posting, one: Transaction) -> str:
    amount = f"{major_units(posting.amount, one.decimals)} {_commodity(one.commodity)}"
    tags = ", ".join(_tags(posting.facts))
    return f"    {posting.account}  {amount}" + (f"  ; {tags}" if tags else "")


def _tags(facts: Mapping[str, str]) -> list[str]:
    return [f"{name}: {_encoded(value)}" for name, value in facts.items()]


def _commodity(name: str) -> str:
    return name if name.isalpha() else f'"{name}"'


def _encoded(text: str) -> str:
    return escaped(text, _SPECIAL, _code)


def _code(letter: str) -> str:
    """As in a URL, so that any program can read it back."""
    return quote(letter, safe="")
