"""credit.grant brings in a lot of credit, once for each of its ids."""

import pytest

from tests.builders import deduct, grant, invoice
from tests.world import World


def test_a_grant_raises_the_balance_by_its_amount() -> None:
    """A grant is one entry, with itself as the only allocation."""
    world = World()
    assert world.when(grant(500)).rows == ["grant +500: g 500"]
    assert (world.balance(), world.available()) == (500, 500)


def test_a_grant_without_an_id_takes_its_messages_id() -> None:
    """The grant id is the message id by default."""
    assert World().when(grant(500, None, id="m1")).rows == ["grant +500: m1 500"]


def test_a_grant_under_a_new_message_id_changes_nothing_when_it_says_the_same() -> None:
    """R7: the same grant id with the same data is applied, and nothing happens."""
    world = World().given(grant(500))
    again = world.when(grant(500, id="another"))
    assert (again.outcomes, again.rows, again.events) == (["applied"], [], [])
    assert world.balance() == 500


def test_a_grant_under_a_new_message_id_is_refused_when_it_says_something_else() -> None:
    """R7: the same grant id with other data is an id conflict."""
    world = World().given(grant(500))
    assert world.when(grant(501, id="another")).outcomes == ["id_conflict"]
    assert world.when(grant(500, priority=1, id="a third")).outcomes == ["id_conflict"]
    assert world.balance() == 500


def test_what_people_add_to_a_grant_does_not_make_it_another() -> None:
    """R7: the common fields do not count."""
    world = World().given(grant(500, note="welcome"))
    assert world.when(grant(500, note="again", id="another")).outcomes == ["applied"]


def test_an_id_taken_from_the_message_counts_once_for_all_sources() -> None:
    """R7: the grant id is the account's, also long after the grant is used up."""
    world = World().given(grant(500, None, id="m1"), deduct(500))
    again = world.when(grant(500, None, id="m1", source="shop"))
    assert (again.outcomes, again.rows) == (["applied"], [])
    other = world.when(grant(600, None, id="m1", source="app"))
    assert other.outcomes == ["id_conflict"]


def test_an_external_id_counts_once_whatever_the_message_id() -> None:
    """R7: a grant id that was filled in by default does not tell two grants apart."""
    world = World().given(grant(500, None, external_id="x", id="m1"))
    again = world.when(grant(500, None, external_id="x", id="m2"))
    assert (again.outcomes, again.rows) == (["applied"], [])
    other = world.when(grant(600, None, external_id="x", id="m3"))
    assert other.outcomes == ["id_conflict"]


def test_an_external_id_under_two_grant_ids_is_a_conflict() -> None:
    """R7: two grants that were both named cannot be the same one."""
    world = World().given(grant(500, "g1", external_id="x"))
    assert world.when(grant(500, "g2", external_id="x")).outcomes == ["id_conflict"]


def test_two_grants_without_external_ids_are_two_even_if_alike() -> None:
    """Only ids make two messages one."""
    world = World().given(grant(500, "g1"), grant(500, "g2"))
    assert world.balance() == 1_000


def test_a_grant_that_takes_effect_later_is_in_the_balance_but_not_available() -> None:
    """R2: balance and available differ on purpose."""
    world = World().given(grant(500, effective="2026-02-01"))
    assert (world.balance(), world.available(), world.grant_state()) == (500, 0, "pending")
    assert world.when(invoice(100)).why == ["no_credit"]
    world.at("2026-02-01")
    assert (world.available(), world.grant_state()) == (500, "active")
    assert world.when(invoice(100, "later")).rows == ["application -100: g 100"]


def test_a_grant_states_what_has_become_of_it() -> None:
    """A grant is active, then depleted, and expired from its instant on."""
    world = World().given(grant(500, expires="2026-02-01"))
    assert world.grant_state() == "active"
    world.given(invoice(500))
    assert world.grant_state() == "depleted"
    assert world.at("2026-02-01").grant_state() == "expired"


def test_a_grant_that_would_pass_the_highest_balance_is_refused() -> None:
    """A balance never passes 9 x 10^15."""
    full = [grant(10**15, f"g{number}") for number in range(9)]
    world = World().given(*full)
    assert world.when(grant(1, "one more")).outcomes == ["balance_limit"]
    assert world.balance() == 9 * 10**15


@pytest.mark.parametrize("name", ["writeoff/x", f"transfer-{'0' * 32}-0001"])
def test_a_grant_may_not_be_named_like_a_lot_of_scrip(name: str) -> None:
    """R14, R18, R19: it would be in the way of a transfer, or be taken for a write-off."""
    world = World()
    seen = world.when(grant(10, name), grant(10, None, id=name), grant(10, f"my-{name}"))
    assert seen.outcomes == ["id_conflict", "id_conflict", "applied"]
