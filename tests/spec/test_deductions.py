"""credit.deduct takes credit off an account without an invoice."""

from tests.builders import deduct, grant
from tests.world import World


def test_a_deduction_takes_its_amount() -> None:
    """A deduction is one entry and lowers the balance."""
    world = World().given(grant(500))
    assert world.when(deduct(300)).rows == ["deduction -300: g 300"]
    assert (world.balance(), world.left("g")) == (200, [200])


def test_a_deduction_may_take_all_there_is() -> None:
    """Nothing is kept back."""
    world = World().given(grant(500))
    assert world.when(deduct(500)).outcomes == ["applied"]
    assert world.balance() == 0


def test_a_deduction_is_done_whole_or_not_at_all() -> None:
    """R16: a deduction of more than is available is refused, and takes nothing."""
    world = World().given(grant(500))
    seen = world.when(deduct(501))
    assert (seen.outcomes, seen.rows, world.balance()) == (["insufficient_credit"], [], 500)


def test_a_deduction_draws_on_several_grants_in_the_order_of_use() -> None:
    """R1: one entry, with one allocation for each grant it took from."""
    world = World().given(grant(100, "b", priority=2), grant(100, "a", priority=1))
    assert world.when(deduct(150)).rows == ["deduction -150: a 100, b 50"]


def test_a_deduction_that_names_a_grant_takes_from_that_grant_alone() -> None:
    """R16: other grants do not help out."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    assert world.when(deduct(60, "b", id="d1")).rows == ["deduction -60: b 60"]
    assert world.when(deduct(60, "b", id="d2")).outcomes == ["insufficient_credit"]
    assert world.left("a", "b") == [100, 40]


def test_a_deduction_that_names_a_grant_nobody_knows_is_refused() -> None:
    """A grant is known from its message on."""
    world = World().given(grant(500))
    assert world.when(deduct(100, "nobody's")).outcomes == ["unknown_grant"]


def test_a_deduction_that_names_an_expired_grant_is_refused_for_want_of_credit() -> None:
    """R16: also when the grant it names has expired; the others do not stand in."""
    world = World().given(grant(500, "old", expires="2026-02-01"), grant(500, "new"))
    world.at("2026-02-01T10:00")
    assert world.when(deduct(100, "old")).outcomes == ["insufficient_credit"]
    assert world.left("old", "new") == [500, 500]


def test_a_deduction_that_names_a_grant_not_yet_in_effect_is_refused() -> None:
    """R2: naming a grant does not make it usable."""
    world = World().given(grant(500, effective="2026-02-01"))
    assert world.when(deduct(100, "g")).outcomes == ["insufficient_credit"]


def test_a_deduction_from_an_empty_account_is_refused() -> None:
    """R6: there is no overdraft."""
    world = World()
    assert world.when(deduct(1)).outcomes == ["insufficient_credit"]
    assert world.balance() == 0
