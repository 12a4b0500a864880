"""The expiry run writes the rows of what has expired; it decides nothing."""

from datetime import timedelta

from domain.settings import TenantSettings
from tests.builders import deduct, grant, instant, invoice, void
from tests.world import World

END = "2026-02-01"


def test_credit_expires_a_late_window_after_its_instant() -> None:
    """R3: from exactly expires_at + late_window on, and not a microsecond before."""
    world = World().given(grant(500, expires=END))
    assert world.at("2026-02-01T00:59:59.999999").expire().rows == []
    assert world.at("2026-02-01T01:00").expire().rows == ["expiry -500: g 500"]
    assert (world.balance(), world.left("g")) == (0, [0])


def test_an_expiry_is_dated_at_the_grants_own_instant() -> None:
    """R3: whenever the run comes."""
    world = World().given(grant(500, expires=END)).at("2026-02-05")
    (entry,) = world.expire().entries
    assert (entry.dated_at, entry.recorded_at) == (instant(END), instant("2026-02-05"))


def test_an_expiry_names_the_grant_and_its_instant_as_its_cause() -> None:
    """I19: there is no message behind it."""
    (entry,) = World().given(grant(500, expires=END)).at("2026-02-05").expire().entries
    assert entry.cause[:2] == ("scrip/expiry", "g@2026-02-01T00:00:00Z")


def test_what_is_left_expires_and_no_more() -> None:
    """I6: what was used stays used."""
    world = World().given(grant(500, expires=END), invoice(300)).at("2026-02-05")
    assert world.expire().rows == ["expiry -200: g 200"]


def test_credit_expires_once() -> None:
    """I14: a second run finds nothing."""
    world = World().given(grant(500, expires=END)).at("2026-02-05")
    assert len(world.expire().rows) == 1
    assert world.expire().rows == []


def test_a_used_up_grant_leaves_no_expiry() -> None:
    """There is no entry of nothing."""
    world = World().given(grant(500, expires=END), invoice(500)).at("2026-02-05")
    assert world.expire().rows == []


def test_each_grant_expires_in_an_entry_and_an_event_of_its_own() -> None:
    """The oldest instant first, whatever the order of use."""
    world = World().given(
        grant(10, "later", expires="2026-02-02", priority=0),
        grant(20, "sooner", expires=END, priority=9),
        grant(30, "never"),
    )
    seen = world.at("2026-02-05").expire()
    assert seen.rows == ["expiry -20: sooner 20", "expiry -10: later 10"]
    told = seen.told("credit.balance_changed")
    assert [data["balance"] for data in told] == [40, 30]
    assert told[0]["cause"]["source"] == "scrip/expiry"
    assert told[0]["cause"]["id"] == "sooner@2026-02-01T00:00:00Z"


def test_a_late_invoice_may_still_come_before_the_row() -> None:
    """R3: that is what the late window is for."""
    world = World().given(grant(500, expires=END)).at("2026-02-01T00:30")
    world.given(invoice(300, issued="2026-01-31T23:59"))
    assert world.at("2026-02-01T01:00").expire().rows == ["expiry -200: g 200"]


def test_expired_credit_shows_as_expired_from_its_instant_on() -> None:
    """R3: it is in the balance until the row is written, and no longer available."""
    world = World().given(grant(500, expires=END)).at(END)
    assert (world.grant_state(), world.balance(), world.available()) == ("expired", 500, 0)


def test_the_tenants_late_window_counts() -> None:
    """R3: no window, no delay."""
    world = World(TenantSettings(late_window=timedelta(0))).given(grant(500, expires=END))
    assert world.at(END).expire().rows == ["expiry -500: g 500"]


def test_credit_that_comes_back_in_time_expires_with_the_rest() -> None:
    """R13: the void is of an instant before the expiry."""
    world = World().given(grant(500, expires=END), invoice(300)).at("2026-02-01T00:30")
    assert world.when(void(at="2026-01-31T23:59")).rows == ["reversal +300: g 300"]
    assert world.at("2026-02-01T01:00").expire().rows == ["expiry -500: g 500"]


def test_credit_that_comes_back_after_the_run_expires_at_once() -> None:
    """R13: a void after expiry leaves nothing for a later run."""
    world = World().given(grant(500, expires=END), invoice(300)).at("2026-02-05")
    world.expire()
    assert world.when(void()).rows == ["reversal +300: g 300", "expiry -300: g 300"]
    assert world.at("2026-03-01").expire().rows == []
    assert world.balance() == 0


def test_the_run_leaves_an_entry_that_messages_go_on_from() -> None:
    """I3: one numbering for both."""
    world = World().given(grant(500, "old", expires=END), grant(100)).at("2026-02-05")
    world.expire()
    (entry,) = world.when(deduct(40)).entries
    assert (entry.seq, entry.balance) == (4, 60)
