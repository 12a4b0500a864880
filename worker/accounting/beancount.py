"""Beancount's syntax. Whatever was said is a string in quotes, and no name of a key."""

from collections.abc import Mapping

from domain.money import major_units
from worker.accounting.formats import Seen, escaped
from worker.accounting.transactions import Transaction


class Beancount:
    """A file for `bean-check` and fava; accounts are opened at its end, on its first day."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen = Seen()

    def head(self) -> str:
        """A comment."""
        return f"; {escaped(self._title, '', _code)}\n"

    def transaction(self, one: Transaction) -> str:
        """A completed transaction: the customer is the payee."""
        self._seen.note(one)
        lines = [f"\n{one.day} * {_quoted(one.key.customer)} {_quoted(one.words)}"]
        lines += _metadata(one.facts, "  ")
        for account, amount, facts in one.postings:
            lines.append(f"  {account}  {major_units(amount, one.decimals)} {one.commodity}")
            lines += _metadata(facts, "    ")
        return "\n".join(lines) + "\n"

    def tail(self) -> str:
        """The accounts and commodities."""
        seen = self._seen
        units = (
            f"{seen.first} commodity {unit}\n  unit: {_quoted(currency)}\n  decimals: {decimals}\n"
            for unit, (currency, decimals) in sorted(seen.units.items())
        )
        opened = (f"{seen.first} open {account}\n" for account in sorted(seen.accounts))
        return "\n" + "".join((*opened, *units)) if seen.accounts else ""


def _metadata(facts: Mapping[str, str], indent: str) -> list[str]:
    return [f"{indent}{name}: {_quoted(value)}" for name, value in facts.items()]


def _quoted(text: str) -> str:
    return f'"{escaped(text, _QUOTED, _escape)}"'


def _escape(letter: str) -> str:
    return f"\\{letter}" if letter in _QUOTED else _ESCAPES.get(letter) or f"\\{_code(letter)}"


def _code(letter: str) -> str:
    return f"\\u{ord(letter):04x}"


_QUOTED = '"\\'
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
