"""R21: a refusal is an outcome, and the first reason of the closed list is the one given."""

import pytest

from domain.messages import Message
from domain.vocabulary import Outcome, Refusal
from tests.builders import deduct, grant, invoice
from tests.world import World

PAST = "2026-01-15T12:00"
FULL = [grant(10**15, f"g{number}") for number in range(9)]

PRECEDENCE: list[tuple[str, list[Message], Message, Refusal]] = [
    # which reasons hold, what came before, the message, the reason that is given
    (
        "unknown_grant over insufficient_credit",
        [],
        deduct(100, "nobody's"),
        Refusal.UNKNOWN_GRANT,
    ),
    (
        "id_conflict over already_expired",
        [grant(500)],
        grant(500, expires=PAST, id="m"),
        Refusal.ID_CONFLICT,
    ),
    (
        "id_conflict over balance_limit",
        FULL,
        grant(1, "g0", id="m"),
        Refusal.ID_CONFLICT,
    ),
    (
        "already_expired over balance_limit",
        FULL,
        grant(1, "one more", expires=PAST),
        Refusal.ALREADY_EXPIRED,
    ),
]


@pytest.mark.parametrize(
    ("before", "message", "reason"), [row[1:] for row in PRECEDENCE], ids=[r[0] for r in PRECEDENCE]
)
def test_the_earlier_reason_of_the_list_is_given(
    before: list[Message], message: Message, reason: Refusal
) -> None:
    """When two reasons hold, the closed list says which is told."""
    (receipt,) = World().given(*before).when(message).receipts
    assert (receipt.outcome, receipt.reason) == (Outcome.REFUSED, reason)


def test_the_list_of_refusals_is_closed_and_ordered() -> None:
    """Outsiders depend on the words; the order is the precedence."""
    assert " ".join(Refusal) == (
        "unknown_grant unknown_invoice unknown_entry unknown_hold unknown_writeoff id_conflict "
        "invoice_void invoice_not_open already_expired already_voided already_released "
        "already_reversed exceeds_due exceeds_applied insufficient_credit above_tolerance "
        "balance_limit"
    )


def test_a_refusal_changes_no_credit() -> None:
    """R21: it leaves a receipt without entries, and one event."""
    world = World().given(grant(500))
    seen = world.when(deduct(501))
    (receipt,) = seen.receipts
    assert (receipt.seq_first, receipt.seq_last) == (None, None)
    assert [event["type"] for event in seen.events] == ["message.refused"]
    assert world.balance() == 500


def test_a_refusal_does_not_hold_up_what_comes_behind_it() -> None:
    """R21: nothing blocks the messages behind it."""
    seen = World().when(deduct(1), grant(500), grant(1, id="x"), invoice(300))
    assert seen.outcomes == ["insufficient_credit", "applied", "id_conflict", "applied"]
    assert seen.rows == ["grant +500: g 500", "application -300: g 300"]


def test_the_same_grant_again_after_its_expiry_is_not_refused() -> None:
    """R7 before R3: what was brought in once stays brought in."""
    world = World().given(grant(500, expires="2026-02-01")).at("2026-03-01")
    assert world.when(grant(500, expires="2026-02-01", id="again")).outcomes == ["applied"]


def test_the_same_grant_again_at_the_highest_balance_is_not_refused() -> None:
    """R7: it brings nothing that could be too much."""
    world = World().given(*FULL)
    assert world.when(grant(10**15, "g0", id="again")).outcomes == ["applied"]
