"""R20: a message counts once, however often it comes."""

from tests.builders import deduct, grant, invoice, void
from tests.world import World, key_of


def test_a_repeat_has_no_effect_and_is_counted() -> None:
    """R20: same key and same body."""
    world = World().given(grant(500))
    again = world.when(grant(500), grant(500))
    assert (again.rows, again.events, again.conflicts) == ([], [], [])
    (first, second) = again.receipts
    assert first is second
    assert (first.repeats, first.conflicts) == (2, 0)
    assert world.balance() == 500


def test_a_repeat_within_one_batch_has_no_effect_either() -> None:
    """R20: also within one batch."""
    world = World()
    seen = world.when(grant(500), deduct(100), grant(500), deduct(100))
    assert seen.rows == ["grant +500: g 500", "deduction -100: g 100"]
    assert [receipt.repeats for receipt in seen.receipts[:2]] == [1, 1]


def test_another_body_under_the_same_id_is_a_conflict() -> None:
    """R20: no effect; it is counted and handed over to the quarantine."""
    world = World().given(grant(500))
    seen = world.when(grant(600))
    assert (seen.rows, seen.events, seen.conflicts) == ([], [], [grant(600)])
    (receipt,) = seen.receipts
    assert (receipt.repeats, receipt.conflicts, receipt.outcome) == (0, 1, "applied")
    assert world.balance() == 500


def test_a_conflict_within_one_batch_has_no_effect_either() -> None:
    """R20: the first one counts."""
    seen = World().when(grant(500), grant(600))
    assert (seen.rows, len(seen.conflicts)) == (["grant +500: g 500"], 1)


def test_another_type_under_the_same_id_is_a_conflict() -> None:
    """R20: the body is type and data."""
    world = World().given(grant(500, id="m"))
    assert len(world.when(deduct(500, id="m")).conflicts) == 1
    assert world.balance() == 500


def test_another_note_under_the_same_id_is_a_conflict() -> None:
    """R20: the body is all of data; only for business ids the common fields do not count."""
    world = World().given(grant(500, note="one"))
    assert len(world.when(grant(500, note="two")).conflicts) == 1


def test_another_time_under_the_same_id_is_a_repeat() -> None:
    """R20: the time is no part of the body."""
    world = World().given(grant(500, at="2026-01-15T11:00"))
    assert world.when(grant(500, at="2026-01-15T11:30")).receipts[0].repeats == 1


def test_the_same_instant_written_with_another_offset_is_a_repeat() -> None:
    """R20: +02:00 = Z where equal."""
    world = World().given(grant(500, expires="2026-02-01T02:00+02:00"))
    assert world.when(grant(500, expires="2026-02-01T00:00Z")).receipts[0].repeats == 1


def test_a_default_that_is_spelled_out_is_a_repeat() -> None:
    """R20: after parsing and defaults; the grant id is the message id by default."""
    world = World().given(grant(500, None, id="m"))
    assert world.when(grant(500, "m", id="m")).receipts[0].repeats == 1


def test_the_same_id_from_another_source_is_another_message() -> None:
    """R20: the key is source and id."""
    world = World().given(grant(500), deduct(100, source="shop"), deduct(100, source="app"))
    assert world.balance() == 300


def test_the_same_id_on_another_account_is_another_message() -> None:
    """R20: the account is part of the key."""
    world = World().given(grant(500), grant(700, customer="other"))
    assert world.balance() == 500
    assert len(world.receipts) == 2


def test_a_refusal_claims_the_id() -> None:
    """R20: a retry needs a new id, even when it would go well by now."""
    world = World()
    assert world.when(deduct(100)).outcomes == ["insufficient_credit"]
    world.given(grant(500))
    again = world.when(deduct(100))
    assert (again.outcomes, again.rows) == (["insufficient_credit"], [])
    assert again.receipts[0].repeats == 1
    assert world.when(deduct(100, id="retry")).outcomes == ["applied"]


def test_a_repeat_long_after_still_has_no_effect() -> None:
    """R20: receipts are kept as long as the ledger."""
    messages = (grant(500), invoice(300), void())
    world = World().given(*messages).at("2030-01-01")
    assert world.when(*messages).rows == []
    assert all(world.receipts[key_of(message)].repeats == 1 for message in messages)
