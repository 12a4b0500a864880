"""credit.amend: other terms for a grant that stands; moves no money."""

from tests.builders import deduct, grant, instant, invoice
from tests.verbs import amend, void_grant
from tests.world import World

END = "2026-02-01"


def test_an_amendment_moves_no_money() -> None:
    """R15: no entry, and the balance is as it was."""
    world = World().given(grant(500, expires=END))
    seen = world.when(amend(expires="2026-03-01", priority=1, memo="longer"))
    assert (seen.outcomes, seen.rows, seen.told("credit.balance_changed")) == (["applied"], [], [])
    assert (world.balance(), world.available()) == (500, 500)


def test_a_later_end_keeps_the_grant_alive() -> None:
    """R15: it expires once, at the new instant."""
    world = World().given(grant(500, expires=END), amend(expires="2026-03-01"))
    assert world.at("2026-02-10").expire().rows == []
    assert world.when(deduct(100)).outcomes == ["applied"]
    (entry,) = world.at("2026-03-05").expire().entries
    assert (entry.amount, entry.dated_at) == (-400, instant("2026-03-01"))
    assert world.expire().rows == []


def test_an_earlier_end_counts_from_now_on() -> None:
    """R15: what was used before stands."""
    world = World().given(grant(500), invoice(300), amend(expires=END)).at(END)
    assert (world.grant_state(), world.available()) == ("expired", 0)
    assert world.when(deduct(1)).outcomes == ["insufficient_credit"]
    assert world.invoice().applied == 300
    assert world.later(hours=1).expire().rows == ["expiry -200: g 200"]


def test_the_order_of_use_follows_a_new_priority() -> None:
    """R1, R15: from the next message on."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    world.given(deduct(50), amend("b", priority=0))
    assert world.when(deduct(120, id="later")).rows == ["deduction -120: b 100, a 20"]


def test_the_order_of_use_follows_a_new_end() -> None:
    """R1, R15: soonest expiry first, also within the same batch."""
    seen = World().when(
        grant(100, "a", expires=END),
        grant(100, "b"),
        amend("b", expires="2026-01-20"),
        deduct(120),
    )
    assert seen.rows[-1] == "deduction -120: b 100, a 20"


def test_what_is_available_follows_at_once() -> None:
    """R15: an amendment neither adds to it nor takes from it, within a batch either."""
    seen = World().when(grant(500), amend(priority=1), deduct(100))
    told = seen.told("credit.balance_changed")
    assert [data["available"] for data in told] == [500, 400]


def test_what_is_not_said_stays() -> None:
    """R15: a memo alone changes neither the end nor the priority."""
    world = World().given(grant(100, "a", priority=7, expires=END), amend("a", memo="hello"))
    found = world.account().grants["a"]
    assert (found.priority, found.expires_at) == (7, instant(END))


def test_history_stands() -> None:
    """R15, I10: entries that were decided under the old terms say what they said."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2), deduct(50))
    before = list(world.entries)
    world.given(amend("b", priority=0), amend("a", expires=END, id="second"))
    assert world.books().entries == before


def test_a_grant_may_be_amended_again() -> None:
    """R15: the last word counts."""
    world = World().given(grant(100), amend(expires=END), amend(expires="2026-04-01", id="2nd"))
    assert world.account().grants["g"].expires_at == instant("2026-04-01")


def test_a_used_up_grant_may_be_amended() -> None:
    """R15: only a voided or expired one may not; what comes back follows the new terms."""
    world = World().given(grant(100, expires=END), invoice(100))
    assert world.when(amend(expires="2026-03-01")).outcomes == ["applied"]


def test_an_expired_grant_is_not_amended() -> None:
    """R15: there is no bringing back what is over, written or not."""
    world = World().given(grant(500, expires=END)).at(END)
    assert world.when(amend(expires="2026-03-01")).outcomes == ["already_expired"]
    world.later(hours=1).expire()
    assert world.when(amend(memo="late", id="2nd")).outcomes == ["already_expired"]


def test_a_voided_grant_is_not_amended() -> None:
    """R15: refused likewise, and an expired one says so first."""
    world = World().given(grant(500, expires=END), void_grant())
    assert world.when(amend(priority=1)).outcomes == ["already_voided"]
    assert world.at(END).when(amend(priority=1, id="2nd")).outcomes == ["already_expired"]


def test_a_grant_nobody_knows_is_not_amended() -> None:
    """R15: and another account's is not known here (I15)."""
    world = World().given(grant(500, customer="other"))
    assert world.when(amend(memo="hello")).outcomes == ["unknown_grant"]


def test_an_end_that_is_past_is_refused() -> None:
    """I14: what was used until now would lie behind it; credit.void is there for that."""
    world = World().given(grant(500))
    assert world.when(amend(expires="2026-01-15T12:00")).outcomes == ["already_expired"]
    assert world.available() == 500
