"""Credit never crosses tenants, customers or currencies."""

from hashlib import sha256

import pytest

from domain.identity import AccountKey, account_id
from domain.settings import TenantSettings
from tests.builders import ACME, deduct, grant, invoice, void
from tests.world import World

OTHERS = [
    AccountKey("elsewhere", "acme", "USD"),
    AccountKey("default", "other", "USD"),
    AccountKey("default", "acme", "EUR"),
]


@pytest.mark.parametrize("other", OTHERS, ids=" ".join)
def test_credit_stays_with_its_account(other: AccountKey) -> None:
    """I15, I16: tenant, customer and currency all three make the account."""
    world = World().given(grant(500))
    seen = world.when(
        invoice(300, tenant=other.tenant, customer=other.customer, currency=other.currency)
    )
    assert seen.why == ["no_credit"]
    assert (world.balance(), world.balance(other)) == (500, 0)


@pytest.mark.parametrize("other", OTHERS, ids=" ".join)
def test_business_ids_are_the_accounts_own(other: AccountKey) -> None:
    """R7 within the account: the same grant and invoice ids elsewhere are others."""
    world = World().given(grant(500), invoice(300))
    place = other._asdict()
    seen = world.when(grant(700, **place), invoice(100, **place), void("i", **place))
    assert seen.outcomes == ["applied"] * 3
    assert (world.balance(), world.balance(other)) == (200, 700)
    assert world.invoice().status == "open"


def test_a_grant_of_another_account_cannot_be_named() -> None:
    """I15: it is not even known."""
    world = World().given(grant(500))
    assert world.when(deduct(100, "g", tenant="elsewhere")).outcomes == ["unknown_grant"]


def test_every_account_counts_its_own_entries_and_events() -> None:
    """I3, I12: 1..n each."""
    seen = World().when(
        grant(1), grant(2, customer="other"), deduct(1), deduct(1, customer="other")
    )
    assert [entry.seq for entry in seen.entries] == [1, 1, 2, 2]
    assert [event["data"]["event_seq"] for event in seen.events] == [1, 1, 2, 2]


def test_settings_are_the_tenants() -> None:
    """R5: one tenant's auto_apply is nobody else's."""
    world = World(TenantSettings(auto_apply=False))
    world.given(grant(500), grant(500, tenant="elsewhere"))
    seen = world.when(invoice(300), invoice(300, tenant="elsewhere"))
    assert seen.why == ["auto_apply_off", "credited"]


def test_an_account_id_comes_from_its_three_names() -> None:
    """The first 128 bits of SHA-256 over the names, each behind its length in four bytes."""
    named = b"\0\0\0\7default\0\0\0\4acme\0\0\0\3USD"
    assert account_id(ACME) == sha256(named).hexdigest()[:32]


def test_names_that_read_alike_in_a_row_are_different_accounts() -> None:
    """Lengths keep the names apart."""
    assert account_id(AccountKey("ab", "c", "USD")) != account_id(AccountKey("a", "bc", "USD"))
