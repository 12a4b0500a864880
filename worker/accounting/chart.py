"""The chart of accounts: which account of the general ledger a movement of credit touches."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.money import EXPONENTS
from domain.vocabulary import Category

DEFAULTS = Path(__file__).with_name("chart.toml")

_ROOTS = {"Assets", "Liabilities", "Equity", "Income", "Expenses"}
_COMMODITY = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")
_NO_COMMODITIES = {"TRUE", "FALSE", "NULL"}


class ChartError(ValueError):
    """A chart that cannot be used; the text says where and what to write instead."""


@dataclass(frozen=True)
class Chart:
    """Names of accounts and commodities."""

    accounts: Mapping[str, Mapping[Category, str]]
    ledger_accounts: Mapping[str, str]
    commodities: Mapping[str, str]

    def account(self, role: str, category: Category) -> str:
        """The account for one side of a movement."""
        return self.accounts[role][category]

    def of_line_item(self, ledger_account: str | None, category: Category) -> str:
        """Where a part of a new grant goes; a name of the publisher's stands below `issued`."""
        issued = self.account("issued", category)
        if ledger_account is None:
            return issued
        return self.ledger_accounts.get(ledger_account) or f"{issued}:{_below(ledger_account)}"

    def commodity(self, currency: str) -> str:
        """What a currency is called; two of them never come out the same."""
        if currency in self.commodities:
            return self.commodities[currency]
        is_taken = currency in self.commodities.values()
        if currency in EXPONENTS or (_is_commodity(currency) and not is_taken):
            return currency
        stem = re.sub(r"[^A-Z0-9]+", "-", currency.upper()).strip("-")[:15].rstrip("-")
        return f"U{'-' * bool(stem)}{stem}-{sha256(currency.encode()).hexdigest()[:6].upper()}"


def default_chart() -> Chart:
    """The built-in one."""
    return chart_of(DEFAULTS.read_text(encoding="utf-8"))


def chart_of(text: str) -> Chart:
    """The built-in chart, changed by what a TOML text says; raises ChartError."""
    base, said = tomllib.loads(DEFAULTS.read_text(encoding="utf-8")), _parsed(text)
    _known("table", said, base)
    tables = {name: {**table, **said.get(name, {})} for name, table in base.items()}
    _known("account", tables["accounts"], base["accounts"])
    return Chart(
        {
            role: _by_category(role, names, tables["accounts"][role])
            for role, names in base["accounts"].items()
        },
        {
            name: _checked(f"ledger_accounts.{name}", account)
            for name, account in tables["ledger_accounts"].items()
        },
        _commodities(tables["commodities"]),
    )


def _parsed(text: str) -> dict[str, dict[str, Any]]:
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ChartError(f"it is not TOML: {error}") from error
    for name, table in said.items():
        if not isinstance(table, dict):
            raise ChartError(f"{name}: must stand below a table such as [accounts]")
    return said


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1) or [", ".join(known)]
            raise ChartError(f"{name}: there is no {what} of this name; did you mean {near[0]}?")


def _by_category(role: str, base: Any, said: Any) -> dict[Category, str]:
    """A role's accounts; the category of which nothing is said keeps its own."""
    names = {**_each(base), **_each(said)}
    _known("category", names, [category.value for category in Category])
    return {category: _checked(f"accounts.{role}", names[category.value]) for category in Category}


def _each(names: Any) -> dict[str, Any]:
    return names if isinstance(names, dict) else dict.fromkeys(map(str, Category), names)


def _checked(where: str, name: Any) -> str:
    """As Beancount has it, the strictest of the tools: other names would not fit everywhere."""
    root, *parts = name.split(":") if isinstance(name, str) else [""]
    if root in _ROOTS and parts and all(map(_is_part, parts)):
        return str(name)
    raise ChartError(
        f"{where}: {name!r} is no account: it must begin with Assets, Liabilities, Equity, Income "
        "or Expenses, and each part behind a colon with a capital letter or a digit, followed by "
        "letters, digits and dashes, as in Income:Returns"
    )


def _is_part(part: str) -> bool:
    kinds = [unicodedata.category(letter) for letter in part]
    return kinds[:1] in (["Lu"], ["Nd"]) and all(
        letter == "-" or _is_letter(letter) for letter in part
    )


def _is_letter(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return kind == "Nd" or kind.startswith("L")


def _commodities(said: Mapping[str, Any]) -> dict[str, str]:
    for currency, name in said.items():
        if not isinstance(name, str) or not _is_commodity(name):
            raise ChartError(
                f"commodities.{currency}: {name!r} is no commodity: 2 to 24 capital letters, "
                "digits, dots, dashes and underscores, with a letter in front"
            )
        if name in EXPONENTS and name != currency:
            raise ChartError(f"commodities.{currency}: {name} is a currency of ISO 4217")
    if len(set(said.values())) < len(said):
        raise ChartError("commodities: two units have the same name")
    return dict(said)


def _is_commodity(name: str) -> bool:
    return name not in _NO_COMMODITIES and _COMMODITY.fullmatch(name) is not None


def _below(ledger_account: str) -> str:
    """A publisher's name as parts of an account's; the posting keeps the name as it came."""
    parts = ("".join(x if _is_letter(x) else "-" for x in p) for p in ledger_account.split(":"))
    capital = (part[0].upper() + part[1:] for part in parts if part)
    return ":".join(part if _is_part(part) else f"X{part}" for part in capital) or "X"
