"""credit.balance_low: available has fallen below the level that was set."""

from tests.builders import deduct, grant, invoice
from tests.verbs import configure, configure_tenant, hold, reverse
from tests.world import World


def test_a_low_balance_is_told_once_until_it_has_recovered() -> None:
    """credit.balance_low tells of each time that available falls below its level."""
    world = World().given(grant(500), configure(low_balance=100))
    told = [
        len(world.when(message).told("credit.balance_low"))
        for message in (
            deduct(400, id="to the level"),
            deduct(1, id="below"),
            deduct(1, id="further"),
            grant(1, "not enough"),
            grant(1, "recovered"),
            deduct(1, id="below again"),
        )
    ]
    assert told == [0, 1, 0, 0, 0, 1]


def test_a_low_balance_says_how_low() -> None:
    """credit.balance_low has what is available, the level, and what caused it."""
    world = World().given(grant(500, effective="2026-01-01"), configure(low_balance=100))
    (event,) = (e for e in world.when(deduct(450)).events if e["type"] == "credit.balance_low")
    data = event["data"]
    assert (data["available"], data["low_balance"], data["cause"]["id"]) == (50, 100, "deduct")
    assert data["event_seq"] == 3


def test_a_hold_may_bring_the_balance_low() -> None:
    """R17: available counts, and not the balance."""
    world = World().given(grant(500), configure(low_balance=100))
    assert len(world.when(hold(450)).told("credit.balance_low")) == 1
    assert world.balance() == 500


def test_expiry_may_bring_the_balance_low() -> None:
    """R3: told by the run, or by the first message that finds it so."""
    grants = (grant(450, "old", expires="2026-02-01"), grant(50, "new"))
    world = World().given(*grants, configure(low_balance=100)).at("2026-02-05")
    assert len(world.expire().told("credit.balance_low")) == 1
    other = World().given(*grants, configure(low_balance=100)).at("2026-02-05")
    assert len(other.when(deduct(1)).told("credit.balance_low")) == 1
    assert other.expire().told("credit.balance_low") == []


def test_what_comes_back_ends_a_low_balance() -> None:
    """A reversal recovers it, so that the next fall is told."""
    world = World().given(grant(500), configure(low_balance=100), invoice(450), reverse())
    assert len(world.when(deduct(450)).told("credit.balance_low")) == 1


def test_the_tenants_level_counts_where_the_account_has_none() -> None:
    """R5: and an account's own level over it."""
    world = World().given(configure_tenant({"low_balance": 100}))
    world.given(configure(low_balance=10, customer="other"))
    world.given(grant(500), grant(500, customer="other"))
    seen = world.when(deduct(450), deduct(450, customer="other"))
    assert [data["customer"] for data in seen.told("credit.balance_low")] == ["acme"]
