"""credit.void takes away what remains of a grant."""

from tests.builders import deduct, grant, invoice, void
from tests.verbs import capture, hold, release, reverse, void_grant
from tests.world import World


def test_a_void_takes_what_remains() -> None:
    """R15: what was used stays used."""
    world = World().given(grant(500), invoice(300), grant(100, "other"))
    assert world.when(void_grant()).rows == ["void -200: g 200"]
    assert (world.balance(), world.available(), world.grant_state()) == (100, 100, "voided")
    assert world.invoice().applied == 300


def test_a_void_grant_is_never_used_again() -> None:
    """R2: not even when credit would come back to it."""
    world = World().given(grant(500), invoice(300), void_grant(), void())
    assert world.when(invoice(100, "next")).why == ["no_credit"]
    assert world.balance() == 0


def test_a_grant_is_voided_once() -> None:
    """R15: refused when it is voided."""
    world = World().given(grant(500), void_grant())
    assert world.when(void_grant(id="again")).outcomes == ["already_voided"]


def test_an_expired_grant_is_not_voided() -> None:
    """R15: from its instant on, whether or not its row is written; then it is the run's."""
    world = World().given(grant(500, expires="2026-02-01")).at("2026-02-01")
    assert world.when(void_grant()).outcomes == ["already_expired"]
    world.later(hours=1)
    assert world.expire().rows == ["expiry -500: g 500"]
    assert world.when(void_grant(id="again")).outcomes == ["already_expired"]


def test_a_grant_with_nothing_left_is_not_voided() -> None:
    """R15: `insufficient_credit`; what comes back to it later is free."""
    world = World().given(grant(300), invoice(300))
    assert world.when(void_grant()).outcomes == ["insufficient_credit"]
    world.given(void())
    assert (world.available(), world.grant_state()) == (300, "active")


def test_a_grant_that_has_not_begun_may_be_voided() -> None:
    """R15: it stands, and has something left."""
    world = World().given(grant(500, effective="2026-02-01"))
    assert world.when(void_grant()).rows == ["void -500: g 500"]


def test_a_grant_nobody_knows_is_not_voided() -> None:
    """R15: and another account's is not known here (I15)."""
    world = World().given(grant(500, customer="other"))
    assert world.when(void_grant()).outcomes == ["unknown_grant"]


def test_expired_is_told_before_voided() -> None:
    """R21: the list's order, where both hold."""
    world = World().given(grant(500, expires="2026-02-01"), void_grant()).at("2026-02-05")
    assert world.when(void_grant(id="again")).outcomes == ["already_expired"]


def test_a_void_counts_as_of_its_own_time() -> None:
    """R3: it was sent before the grant expired."""
    world = World().given(grant(500, expires="2026-01-15T13:00")).at("2026-01-15T13:30")
    assert world.when(void_grant(at="2026-01-15T12:59")).rows == ["void -500: g 500"]
    assert world.later(hours=2).expire().rows == []


def test_what_a_hold_reserves_is_voided_when_the_hold_is_released() -> None:
    """R15: until then it stands in the balance, and nobody else can use it."""
    world = World().given(grant(500), hold(200))
    assert world.when(void_grant()).rows == ["void -300: g 300"]
    assert (world.balance(), world.available(), world.grant_state()) == (200, 0, "voided")
    assert world.when(deduct(1)).outcomes == ["insufficient_credit"]
    assert world.when(release()).rows == ["void -200: g 200"]


def test_what_a_hold_reserves_of_a_void_grant_may_be_captured() -> None:
    """R15, R17: the rest of the hold is voided with it."""
    world = World().given(grant(500), hold(200), void_grant())
    assert world.when(capture(150)).rows == ["deduction -150: g 150", "void -50: g 50"]
    assert world.balance() == 0


def test_a_grant_that_is_all_reserved_is_voided_without_an_entry() -> None:
    """R15: there is no entry of nothing; a second void is refused."""
    world = World().given(grant(200), hold(200))
    seen = world.when(void_grant())
    assert (seen.outcomes, seen.rows) == (["applied"], [])
    assert world.when(void_grant(id="again")).outcomes == ["already_voided"]
    assert world.when(release()).rows == ["void -200: g 200"]


def test_what_was_captured_of_a_void_grant_voids_when_it_comes_back() -> None:
    """R13: at once."""
    world = World().given(grant(200), hold(200), void_grant(), capture())
    assert world.when(reverse(entry=2)).rows == ["reversal +200: g 200", "void -200: g 200"]
