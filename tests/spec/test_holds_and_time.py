"""Holds that end by themselves, and grants that expire while they are held."""

from tests.builders import deduct, grant, instant, invoice
from tests.verbs import amend, capture, hold, release, void_grant
from tests.world import World

END = "2026-01-15T13:00"


def reserved() -> World:
    """200 of 500 are reserved until one o'clock; the clock stands at noon."""
    return World().given(grant(500), hold(200, expires=END))


def test_a_hold_ends_at_its_instant_and_not_before() -> None:
    """R17: the next message finds the credit free; before, it is reserved."""
    world = reserved().at("2026-01-15T12:59:59.999999")
    assert world.when(deduct(500)).outcomes == ["insufficient_credit"]
    assert world.at(END).when(deduct(500, id="in time")).rows == ["deduction -500: g 500"]


def test_a_hold_whose_time_is_over_can_no_longer_be_used() -> None:
    """R17: after its expiry, `already_released`."""
    world = reserved().at(END)
    assert world.when(capture(), release()).outcomes == ["already_released"] * 2


def test_a_hold_may_be_captured_until_its_instant() -> None:
    """R3, R17: as of the message's own time."""
    world = reserved().at("2026-01-15T13:30")
    assert world.when(capture(at="2026-01-15T12:59")).rows == ["deduction -200: g 200"]


def test_a_late_capture_does_not_take_what_has_become_free() -> None:
    """R17: once a message has found the hold over, it is."""
    world = reserved().at("2026-01-15T13:30").given(invoice(400))
    late = capture(at="2026-01-15T12:59")
    assert world.when(late).outcomes == ["already_released"]
    assert (world.invoice().applied, world.balance()) == (400, 100)


def test_the_run_ends_holds_a_late_window_after_their_instant() -> None:
    """R3, R17: from exactly then on, and without an entry."""
    world = reserved().at("2026-01-15T13:59:59.999999")
    world.expire()
    assert world.account().grants["g"].held == 200
    seen = world.at("2026-01-15T14:00").expire()
    assert (seen.rows, world.account().grants["g"].held, world.available()) == ([], 0, 500)


def test_what_is_available_counts_a_hold_only_until_its_instant() -> None:
    """R17: available is what an invoice could use now; no message or run has to come first."""
    assert reserved().at(END).available() == 500


def test_a_hold_that_would_be_over_already_is_refused() -> None:
    """R17: expires_at <= t; there is nothing that it could reserve."""
    world = World().given(grant(500))
    assert world.when(hold(200, expires="2026-01-15T12:00")).outcomes == ["already_expired"]


def test_reserved_credit_does_not_expire() -> None:
    """R17: the run takes the rest of the grant, and the hold may be captured still."""
    world = World().given(grant(500, expires="2026-02-01"), hold(200)).at("2026-02-05")
    assert world.expire().rows == ["expiry -300: g 300"]
    assert (world.balance(), world.available()) == (200, 0)
    assert world.expire().rows == []
    assert world.when(capture(150)).rows[0] == "deduction -150: g 150"


def test_what_a_hold_lets_go_of_an_expired_grant_is_left_to_the_run() -> None:
    """R3, R17: nobody can use it now, and it expires once, as of the grant's own instant."""
    world = World().given(grant(500, expires="2026-02-01"), hold(200)).at("2026-02-05")
    world.expire()
    assert world.when(release()).rows == []
    assert (world.balance(), world.available()) == (200, 0)
    assert world.when(deduct(1)).outcomes == ["insufficient_credit"]
    (entry,) = world.expire().entries
    assert (entry.amount, entry.dated_at) == (-200, instant("2026-02-01"))
    assert (world.balance(), world.expire().rows) == (0, [])


def test_what_a_hold_lets_go_of_an_expired_grant_is_not_available() -> None:
    """R17: nor is it told to be, by the message behind the release."""
    world = World().given(grant(500, expires="2026-02-01"), hold(200)).at("2026-02-05")
    (data,) = world.when(release(), grant(7, "new")).told("credit.balance_changed")
    assert data["available"] == 7


def test_what_a_hold_lets_go_may_serve_a_late_message() -> None:
    """R3: like any credit that was good at the message's time."""
    world = World().given(grant(500, expires=END), hold(500)).at("2026-01-15T13:30")
    world.given(release())
    assert world.when(invoice(300, issued="2026-01-15T12:59")).why == ["credited"]
    assert world.at("2026-01-15T14:00").expire().rows == ["expiry -200: g 200"]


def test_a_hold_and_its_grant_may_end_at_one_instant() -> None:
    """R17: the hold lets go, and the same run takes all of the grant."""
    world = World().given(grant(500, expires=END), hold(200, expires=END)).at("2026-01-15T14:00")
    assert world.expire().rows == ["expiry -500: g 500"]
    assert (world.balance(), world.expire().rows) == (0, [])


def test_the_end_of_a_hold_is_the_cause_of_what_it_brings_about() -> None:
    """I19, R15: there is no message behind it; dated at the hold's own instant."""
    world = World().given(grant(500), hold(200, expires=END), void_grant())
    (entry,) = world.at("2026-01-15T16:00").expire().entries
    assert (entry.kind, entry.amount, entry.cause.source) == ("void", -200, "scrip/expiry")
    assert entry.cause.id == "h@2026-01-15T13:00:00Z"
    assert entry.dated_at == instant(END)


def test_an_amended_grant_stays_reserved() -> None:
    """R15, R17: other terms, the same hold."""
    world = World().given(grant(500), hold(200), amend(expires="2026-02-01")).at("2026-02-05")
    world.expire()
    assert world.when(capture()).rows == ["deduction -200: g 200"]
