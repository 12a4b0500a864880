"""account.configure, tenant.configure: what is wanted from the next message on."""

from datetime import timedelta

import pytest

from domain.order import PROFILES
from tests.builders import deduct, grant, invoice, void
from tests.verbs import configure, configure_tenant, shortfall, update
from tests.world import World


def test_settings_take_effect_with_the_next_message() -> None:
    """R5: also within one batch, and what came before stands."""
    messages = [
        grant(500),
        invoice(100, "before"),
        configure(auto_apply=False),
        invoice(100, "after"),
        configure(auto_apply=True, id="on again"),
        invoice(100, "last"),
    ]
    for cuts in ([], [3], [1, 2, 3, 4, 5]):
        seen = World().when(*messages, cuts=cuts)
        assert seen.why == ["credited", "auto_apply_off", "credited"]


def test_settings_move_no_money() -> None:
    """R5: no entry and no event."""
    world = World().given(grant(500))
    seen = world.when(configure(auto_apply=False, plan="pro"), configure_tenant({"order": "fifo"}))
    assert (seen.outcomes, seen.rows, seen.events) == (["applied"] * 2, [], [])


def test_what_is_not_said_stays() -> None:
    """R5: a later message adds to an earlier one."""
    world = World().given(grant(500), configure_tenant({"auto_apply": False}))
    world.given(configure(plan="pro"), configure_tenant({"order": "fifo"}))
    assert world.when(invoice(100)).why == ["auto_apply_off"]
    world.given(configure(auto_apply=True), configure(low_balance=5, id="2nd"))
    assert world.when(invoice(100, "j")).why == ["credited"]


def test_an_account_over_its_tenant_and_an_invoice_over_both() -> None:
    """R5: said by messages, as they will be."""
    world = World().given(grant(500), configure_tenant({"auto_apply": False}))
    assert world.when(invoice(1, "i1", auto_apply=True)).why == ["credited"]
    world.given(configure(auto_apply=True))
    assert world.when(invoice(1, "i2")).why == ["credited"]
    assert world.when(invoice(1, "i3", auto_apply=False)).why == ["auto_apply_off"]


def test_a_tenants_settings_are_for_all_of_its_accounts_and_no_other_tenants() -> None:
    """I15: whichever account the message names."""
    world = World().given(configure_tenant({"auto_apply": False}))
    seen = world.when(
        *(grant(500, customer="other"), invoice(100, customer="other")),
        *(grant(500, currency="EUR"), invoice(100, currency="EUR")),
        *(grant(500, tenant="elsewhere"), invoice(100, tenant="elsewhere")),
    )
    assert seen.why == ["auto_apply_off", "auto_apply_off", "credited"]


def test_an_accounts_settings_are_its_own() -> None:
    """R5: not the customer's in another currency."""
    world = World().given(configure(auto_apply=False), grant(500, currency="EUR"))
    assert world.when(invoice(100, currency="EUR")).why == ["credited"]


def test_the_order_stands_on_each_entry_and_switching_rewrites_nothing() -> None:
    """R1, I10: an old entry can be explained after the order has changed."""
    world = World().given(grant(100, "a"), grant(100, "b", priority=1), deduct(10))
    before = list(world.entries)
    world.given(configure_tenant({"order": "fifo"}), deduct(10, id="2nd"))
    assert world.books().entries[: len(before)] == before
    assert [entry.order for entry in world.entries] == ["standard/1"] * 3 + ["fifo/1"]
    assert world.left("a", "b") == [90, 90]


def test_credit_that_was_used_in_one_order_comes_back_in_that_order_reversed() -> None:
    """R13: the order of use is that of the entry, whatever holds by now."""
    world = World().given(grant(100, "a"), grant(100, "b", priority=1), invoice(150))
    world.given(configure_tenant({"order": "fifo"}))
    assert world.when(void()).rows == ["reversal +150: a 50, b 100"]


@pytest.mark.parametrize("order", PROFILES)
def test_every_order_can_be_chosen(order: str) -> None:
    """R1: by its name."""
    world = World().given(configure_tenant({"order": order}))
    assert world.when(grant(1)).entries[0].order == f"{order}/1"


def test_the_late_window_is_in_seconds() -> None:
    """R3: for messages that come late and for the expiry run alike."""
    world = World().given(grant(500, expires="2026-01-15T13:00"))
    world.given(configure_tenant({"late_window": 60})).at("2026-01-15T13:00:59")
    assert world.expire().rows == []
    assert world.when(deduct(100, at="2026-01-15T12:59:59")).outcomes == ["applied"]
    assert world.at("2026-01-15T13:01").expire().rows == ["expiry -400: g 400"]


def test_a_unit_is_immutable() -> None:
    """Custom units are declared once; the same again is no change."""
    world = World().given(configure_tenant({"units": {"TOKENS": 0}}))
    world.given(grant(500, currency="TOKENS"))
    seen = world.when(
        configure_tenant({"units": {"TOKENS": 2}}),
        configure_tenant({"units": {"TOKENS": 0, "MINUTES": 1}}),
    )
    assert seen.outcomes == ["id_conflict", "applied"]
    assert world.settings["default"].units == {"TOKENS": 0, "MINUTES": 1}


def test_a_refused_setting_changes_nothing_else_either() -> None:
    """R21: not the half of it that would have been fine."""
    world = World().given(configure_tenant({"units": {"TOKENS": 0}}), grant(500))
    world.when(configure_tenant({"units": {"TOKENS": 2}, "auto_apply": False}))
    assert world.when(invoice(100)).why == ["credited"]


def test_a_unit_named_like_a_currency_is_malformed() -> None:
    """ISO 4217 has said what a dollar's decimals are."""
    with pytest.raises(AssertionError, match="USD"):
        configure_tenant({"units": {"USD": 3}})


def test_each_change_is_a_version() -> None:
    """R1: the settings are numbered beside each other, and none is overwritten."""
    world = World().given(configure_tenant({"order": "fifo"}), configure_tenant({"plan": "pro"}))
    found = world.settings["default"]
    assert (found.version, found.order, found.plan) == (2, "fifo", "pro")
    assert found.late_window == timedelta(hours=1)


def test_auto_apply_is_asked_when_credit_would_be_applied() -> None:
    """R5, R8: and not when the invoice came."""
    world = World().given(grant(500), invoice(300, status="draft"), configure(auto_apply=False))
    assert world.when(update(status="open")).why == ["auto_apply_off"]


def test_tolerances_are_said_whole() -> None:
    """R19: the newest message has all of them; a plan that it leaves out has none any more."""
    world = World().given(configure_tenant({"tolerances": {"a": {"USD": 9}, "b": {"USD": 9}}}))
    world.given(configure_tenant({"tolerances": {"b": {"USD": 5}}}), invoice(100))
    seen = world.when(
        shortfall(1, writeoff="1", plan="a"),
        shortfall(6, writeoff="2", plan="b"),
        shortfall(5, writeoff="3", plan="b"),
    )
    assert seen.outcomes == ["above_tolerance", "above_tolerance", "applied"]
