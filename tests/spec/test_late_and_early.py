"""R3: a message is of its own business time, within reason.

The clock stands at noon, and the late window is an hour unless a test says otherwise.
"""

from datetime import timedelta

from domain.settings import TenantSettings
from tests.builders import NOON, deduct, grant, instant, invoice
from tests.world import World


def at_noon(expires: str, settings: TenantSettings | None = None) -> World:
    """Noon, in a world that was granted 500 at nine."""
    world = World(settings).at("2026-01-15T09:00").given(grant(500, expires=expires))
    return world.at(NOON)


def test_a_late_invoice_may_use_what_was_good_when_it_was_issued() -> None:
    """R3: t is issued_at."""
    world = at_noon(expires="2026-01-15T11:45")
    assert world.when(invoice(300, issued="2026-01-15T11:30")).rows == ["application -300: g 300"]


def test_issued_at_counts_before_the_time_of_the_message() -> None:
    """R3: issued_at, else time."""
    world = at_noon(expires="2026-01-15T11:45")
    issued = invoice(100, "i1", issued="2026-01-15T11:50", at="2026-01-15T11:30")
    assert world.when(issued).why == ["no_credit"]
    assert world.when(invoice(100, "i2", at="2026-01-15T11:30")).why == ["credited"]


def test_a_message_is_at_most_the_late_window_late() -> None:
    """R3: from 11:00 on; what expired at 11:00 sharp is out of reach."""
    issued = "2026-01-15T10:00"
    assert at_noon(expires="2026-01-15T11:00").when(invoice(1, issued=issued)).why == ["no_credit"]
    just = at_noon(expires="2026-01-15T11:00:00.000001")
    assert just.when(invoice(1, issued=issued)).why == ["credited"]


def test_the_late_window_is_the_tenants() -> None:
    """R3: with a window of nothing, t is now."""
    world = at_noon("2026-01-15T11:45", TenantSettings(late_window=timedelta(0)))
    assert world.when(invoice(300, issued="2026-01-15T11:30")).why == ["no_credit"]


def test_a_message_from_the_future_is_of_now() -> None:
    """R3: a wrong clock elsewhere makes no credit usable before its time."""
    world = World().given(grant(500, effective="2026-02-01"))
    seen = world.when(invoice(300, issued="2026-03-01"))
    assert (seen.why, seen.receipts[0].at.t) == (["no_credit"], NOON)


def test_the_receipt_keeps_both_instants() -> None:
    """R3: now and t, so that the decision can be made again."""
    (receipt,) = World().when(invoice(300, issued="2026-01-15T11:30")).receipts
    assert receipt.at == (NOON, instant("2026-01-15T11:30"))


def test_an_entry_is_dated_by_its_business_time() -> None:
    """R3: and recorded at now."""
    world = World().given(grant(500))
    (entry,) = world.when(deduct(300, at="2026-01-15T11:30")).entries
    assert (entry.dated_at, entry.recorded_at) == (instant("2026-01-15T11:30"), NOON)


def test_a_late_message_does_not_use_credit_that_had_not_begun() -> None:
    """R2: effective_at <= t."""
    world = World().given(grant(500, effective="2026-01-15T11:45"))
    assert world.when(invoice(300, "i1", issued="2026-01-15T11:30")).why == ["no_credit"]
    assert world.when(invoice(300, "i2", issued="2026-01-15T11:45")).why == ["credited"]


def test_a_grant_without_a_beginning_is_good_for_whatever_comes_after_it() -> None:
    """R2: it stands before the message in its account, whatever the message's time."""
    world = World().given(grant(500))
    assert world.when(invoice(300, issued="2026-01-15T11:01")).why == ["credited"]


def test_a_grant_that_comes_after_its_expiry_is_refused() -> None:
    """R3: expires_at <= t."""
    world = World()
    late = grant(500, expires="2026-01-15T11:45", at="2026-01-15T11:45")
    assert world.when(late).outcomes == ["already_expired"]
    assert world.balance() == 0


def test_a_grant_that_was_good_at_its_time_is_taken() -> None:
    """R3: it was sent before it expired, and late messages may use it still."""
    world = World().given(grant(500, expires="2026-01-15T11:45", at="2026-01-15T11:44"))
    assert (world.balance(), world.available()) == (500, 0)
    assert world.when(invoice(300, issued="2026-01-15T11:40")).why == ["credited"]


def test_now_never_goes_back_within_an_account() -> None:
    """R3: a clock that was set back is not believed."""
    world = World().given(grant(500))
    world.at("2026-01-15T10:00")
    (receipt,) = world.when(deduct(100)).receipts
    assert receipt.at == (NOON, NOON)
    (elsewhere,) = world.when(deduct(100, customer="other")).receipts
    assert elsewhere.at.now == instant("2026-01-15T10:00")


def test_nothing_is_spent_because_expiry_runs_late() -> None:
    """R3: expiry counts at use, whether or not its row is written."""
    world = at_noon(expires="2026-01-20").at("2026-02-20")
    assert world.when(invoice(300)).why == ["no_credit"]
    assert (world.balance(), world.available()) == (500, 0)
