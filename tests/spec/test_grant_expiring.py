"""grant.expiring: word of a grant's end some days ahead, once."""

from datetime import timedelta

from tests.builders import deduct, grant, invoice, void
from tests.verbs import amend, hold, void_grant
from tests.world import Seen, World

END = "2026-02-01"
WEEK = timedelta(days=7)


def names(seen: Seen) -> list[str]:
    """The grants that were told of."""
    return [data["grant"] for data in seen.told("grant.expiring")]


def test_a_grant_is_told_of_the_notice_ahead() -> None:
    """From exactly a week before its end on, and not a microsecond sooner."""
    world = World().given(grant(500, expires=END))
    assert names(world.at("2026-01-24T23:59:59.999999").expire(notice=WEEK)) == []
    assert names(world.at("2026-01-25").expire(notice=WEEK)) == ["g"]


def test_it_is_told_what_is_left_and_when_it_ends() -> None:
    """What a customer's mail would say."""
    world = World().given(grant(500, expires=END), invoice(300)).at("2026-01-28")
    (data,) = world.expire(notice=WEEK).told("grant.expiring")
    assert (data["grant"], data["remaining"], data["expires_at"]) == ("g", 200, f"{END}T00:00:00Z")
    assert data["event_seq"] == 4


def test_it_is_told_once() -> None:
    """However often the run comes, and whatever is used of it meanwhile."""
    world = World().given(grant(500, expires=END)).at("2026-01-28")
    assert names(world.expire(notice=WEEK)) == ["g"]
    world.given(deduct(100)).later(days=1)
    assert names(world.expire(notice=WEEK)) == []


def test_it_moves_no_money() -> None:
    """I3: an event without an entry."""
    world = World().given(grant(500, expires=END)).at("2026-01-28")
    assert world.expire(notice=WEEK).rows == []
    assert world.balance() == 500


def test_without_a_notice_nothing_is_told() -> None:
    """A notice of nothing is how it is switched off."""
    world = World().given(grant(500, expires=END)).at("2026-01-31T23:59")
    assert names(world.expire()) == []


def test_what_has_ended_is_not_about_to() -> None:
    """R3: from expires_at on a grant shows as expired, written or not."""
    world = World().given(grant(500, expires=END)).at(END)
    assert names(world.expire(notice=WEEK)) == []


def test_a_grant_with_nothing_left_is_not_told_of() -> None:
    """Nothing of it will expire; until something comes back to it."""
    world = World().given(grant(500, expires=END), invoice(500)).at("2026-01-28")
    assert names(world.expire(notice=WEEK)) == []
    world.given(void())
    assert names(world.expire(notice=WEEK)) == ["g"]


def test_a_void_grant_is_not_told_of() -> None:
    """R15: not even while a hold reserves a part of it."""
    world = World().given(grant(500, expires=END), hold(100), void_grant()).at("2026-01-28")
    assert names(world.expire(notice=WEEK)) == []


def test_a_grant_that_never_ends_is_not_told_of() -> None:
    """R1: no expiry is the latest of all."""
    world = World().given(grant(500)).at("2036-01-28")
    assert names(world.expire(notice=timedelta(days=36_500))) == []


def test_another_end_is_told_of_again() -> None:
    """R15: the amended grant has a new last week."""
    world = World().given(grant(500, expires=END)).at("2026-01-28")
    world.expire(notice=WEEK)
    world.given(amend(expires="2026-03-01"))
    assert names(world.expire(notice=WEEK)) == []
    assert names(world.at("2026-02-25").expire(notice=WEEK)) == ["g"]
