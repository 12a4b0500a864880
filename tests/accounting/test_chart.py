"""Names: what a file may say, and what becomes of names that people made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.vocabulary import Category
from worker.accounting.chart import Chart, ChartError, chart_of, default_chart

NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[^\W_][^\W_]*(-+[^\W_]*)*)+")


def test_a_file_changes_only_what_it_says() -> None:
    default, chart = (
        default_chart(),
        chart_of(
            """
        [accounts]
        applied = "Assets:Forderungen:Gutschriften-2026"
        issued = { promotional = "Expenses:Werbung" }
        """
        ),
    )
    assert chart.account("applied", Category.PAID) == "Assets:Forderungen:Gutschriften-2026"
    assert chart.account("issued", Category.PROMOTIONAL) == "Expenses:Werbung"
    assert chart.account("issued", Category.PAID) == default.account("issued", Category.PAID)
    assert chart.accounts["liability"] == default.accounts["liability"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[accounts]\napplied = ", "it is not TOML"),
        ('applied = "Assets:A"', "applied: must stand below a table"),
        ('[account]\napplied = "Assets:A"', "account: there is no table"),
        ('[accounts]\naplied = "Assets:A"', "did you mean applied?"),
        ('[accounts]\napplied = { payd = "Assets:A" }', "did you mean paid?"),
        ("[accounts]\napplied = 4000", "accounts.applied: 4000 is no account"),
        ('[accounts]\napplied = "4000"', "'4000' is no account: it must begin with"),
        ('[accounts]\napplied = "Assets"', "'Assets' is no account"),
        ('[accounts]\napplied = "Assets:a b"', "'Assets:a b' is no account"),
        ('[accounts]\napplied = "Assets:A ; x"', "is no account"),
        ('[ledger_accounts]\n4000 = "returns"', "ledger_accounts.4000: 'returns' is no account"),
        ('[commodities]\ncalls = "api calls"', "commodities.calls: 'api calls' is no commodity"),
        ('[commodities]\ncalls = "NULL"', "is no commodity"),
        ('[commodities]\ncalls = "USD"', "USD is a currency of ISO 4217"),
        ('[commodities]\na = "CALLS"\nb = "CALLS"', "two units have the same name"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text: str, words: str) -> None:
    with pytest.raises(ChartError) as error:
        chart_of(text)
    assert words in str(error.value)


def test_a_name_that_a_unit_has_already_is_not_given_to_another() -> None:
    """The currency CALLS itself needs no entry, so the clash shows only where both are used."""
    chart = chart_of('[commodities]\n"api calls" = "CALLS"')
    assert chart.commodity("api calls") == "CALLS"
    assert chart.commodity("CALLS") != "CALLS"


def test_currencies_and_good_names_stay() -> None:
    chart = default_chart()
    for name in ("USD", "JPY", "KWD", "TOKENS", "GPU-HOURS", "X2"):
        assert chart.commodity(name) == name


@given(st.lists(NAMES, unique=True, max_size=8))
def test_two_units_never_become_one_commodity(names: list[str]) -> None:
    made = [default_chart().commodity(name) for name in names]
    assert len(set(made)) == len(made)
    for name in made:
        assert re.fullmatch(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]", name)


@given(NAMES, st.sampled_from(Category))
def test_any_ledger_account_becomes_an_account(name: str, category: Category) -> None:
    chart: Chart = default_chart()
    account = chart.of_line_item(name, category)
    assert ACCOUNT.fullmatch(account), account
    assert account.startswith(f"{chart.account('issued', category)}:")
