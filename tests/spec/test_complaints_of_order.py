"""What users of billing systems complain of, 12 to 22, and the answer to each.

They are about events, the order of arrival, repeats and time. 1 to 11 are in test_complaints.py.
"""

from itertools import permutations

import pytest

from domain.invariants import violations
from tests.builders import ACME, deduct, grant, invoice, void
from tests.verbs import amend, configure, paid, reverse, update, void_grant
from tests.world import World

END = "2026-02-01"


def test_12_events_have_no_holes_and_say_what_is_true_now() -> None:
    """I12: numbered per account, and the balance they carry is that of their own entries.

    killbill/killbill#1143; openmeterio/openmeter#1180 (stale right after a void).
    Delivery at least once and in order: tests/end_to_end/outsider.py.
    """
    world = World().given(grant(500), invoice(300))
    seen = world.when(void(), void_grant(), deduct(1), grant(5, "new"))
    assert [event["data"]["event_seq"] for event in seen.events] == [4, 5, 6, 7, 8]
    told = seen.told("credit.balance_changed")
    assert [(data["balance"], data["available"]) for data in told] == [(500, 500), (0, 0), (5, 5)]
    assert len({event["id"] for event in seen.events}) == len(seen.events)


def test_13_the_order_of_arrival_changes_nothing_for_what_commutes() -> None:
    """R22: an invoice, its void and another grant, in all six orders.

    polarsource/polar#9410, #5648. All pairs that commute: tests/laws/test_commuting.py.
    """
    ends = []
    for order in permutations([invoice(300), void(), grant(70, "other", effective=END)]):
        world = World().given(grant(500)).given(*order)
        ends.append((world.balance(), world.left("g", "other"), world.invoice().status))
    assert ends == [(570, [500, 70], "void")] * 6


def test_14_a_monthly_grant_is_neither_doubled_nor_lost_at_the_boundary() -> None:
    """R2, R7: one month's grant ends at the instant at which the next begins.

    openmeterio/openmeter#4252, #1408; getlago/lago-api#5117 (a month early). scrip has no
    recurrence of its own: the sender's schedule names each grant, and a name counts once.
    """
    january = grant(100, "2026-01", effective="2026-01-01", expires=END)
    february = grant(100, "2026-02", effective=END, expires="2026-03-01")
    world = World().given(january, february)
    world.given(grant(100, "2026-02", effective=END, expires="2026-03-01", id="sent twice"))
    for instant, usable in (
        ("2026-01-31T23:59:59.999999", "2026-01"),
        (END, "2026-02"),
        ("2026-02-28T23:59:59.999999", "2026-02"),
    ):
        assert world.at(instant).available() == 100
        assert world.when(deduct(1, id=instant)).rows == [f"deduction -1: {usable} 1"]
        world.given(reverse(entry=world.account().seq, id=f"back {instant}"))


def test_15_a_low_balance_starts_no_storm_of_top_ups() -> None:
    """credit.balance_low comes once for each fall, however many messages follow.

    getlago/lago-api#6177, #6176, #6175. scrip tops nothing up: who does, hears of it once.
    """
    world = World().given(grant(100), configure(low_balance=50))
    seen = world.when(*(deduct(1, id=str(n)) for n in range(100)))
    assert len(seen.told("credit.balance_low")) == 1


def test_16_a_partial_reversal_is_its_own_amount_and_no_running_total() -> None:
    """R14: 100 and then 150 are 250; what remains applied is the limit.

    polarsource/polar#12740, where totals were taken for increments.
    """
    world = World().given(grant(500), invoice(300), reverse(100), reverse(150))
    assert (world.invoice().applied, world.balance()) == (50, 450)
    assert world.when(reverse(300)).outcomes == ["exceeds_applied"]


def test_17_an_edited_grant_keeps_its_money() -> None:
    """R15: terms change from now on; what is left, used and told stays.

    polarsource/polar#10513, #11427.
    """
    world = World().given(grant(500, expires=END), deduct(200))
    before = list(world.entries)
    world.given(amend(expires="2026-03-01", priority=1), amend(memo="edited", id="2nd"))
    assert (world.left("g"), world.balance(), world.entries) == ([300], 300, before)


def test_18_a_late_message_makes_nothing_stale() -> None:
    """I3, I10: it is one more entry behind the last, dated by its own time; none is rewritten.

    openmeterio/openmeter#3997, #4845. There are no snapshots: `verify` recomputes from entry 1.
    """
    world = World().given(grant(500), deduct(100)).later(minutes=30)
    before = list(world.entries)
    (late,) = world.when(deduct(50, at="2026-01-15T11:45", id="late")).entries
    assert world.entries[:-1] == before
    assert (late.seq, late.balance) == (3, 350)
    assert late.dated_at < before[-1].dated_at < late.recorded_at
    assert violations(world.books()) == []


def test_19_credit_does_not_pay_what_was_before_its_time() -> None:
    """R2, R3: effective_at <= t, and t is the invoice's own instant, within the late window.

    openmeterio/openmeter#4649, #4363.
    """
    world = World().given(grant(500, effective="2026-01-15T11:45"))
    late = world.when(invoice(100, "usage before", issued="2026-01-15T11:40"))
    assert late.why == ["no_credit"]
    assert world.when(invoice(100, "usage after", issued="2026-01-15T11:50")).why == ["credited"]


def test_20_an_id_is_one_message_for_ever() -> None:
    """R20: the same key with another body, twice in one batch, from another source, years later.

    formancehq/ledger#921 (same key, other body), #1633 (twice in one batch crashed).
    """
    world = World()
    first, other = grant(500, id="k"), grant(600, id="k")
    seen = world.when(first, other, first, grant(70, "shop's", id="k", source="shop"))
    assert (seen.rows, len(seen.conflicts)) == (["grant +500: g 500", "grant +70: shop's 70"], 1)
    again = world.at("2036-01-01").when(first, other)
    assert (again.rows, len(again.conflicts), world.balance()) == ([], 1, 570)


def test_21_a_hot_account_is_decided_by_the_batch() -> None:
    """R23: a thousand messages of one account are one lock, and the same as one by one.

    Haidra-Org/AI-Horde#536 (3,462 waits for one row). Figures: `./dev bench`.
    """
    messages = [grant(10**6), *(deduct(1, id=str(n)) for n in range(999))]
    together, alone = World(), World()
    together.when(*messages)
    alone.when(*messages, cuts=range(1000))
    assert together.entries == alone.entries
    assert together.published == alone.published


def test_22_what_is_closed_stays_closed() -> None:
    """R10, R15: void is final, whatever comes behind it; a paid invoice takes nothing.

    getlago/lago-api#5792, #5879. An amount of 0 does not get past the codec:
    tests/worker/codec_bad_cases.py.
    """
    world = World().given(grant(500), invoice(300), void(), invoice(100, "paid"), paid("paid"))
    world.given(void_grant())
    before = world.balance(ACME)
    seen = world.when(
        update(900), paid(), update(900, "paid"), amend(priority=1), void_grant(id="again")
    )
    assert (seen.rows, world.balance()) == ([], before)
    assert seen.outcomes == [
        "invoice_void",
        "invoice_void",
        "invoice_not_open",
        "already_voided",
        "already_voided",
    ]


@pytest.mark.parametrize("amount", [0, -1])
def test_22_an_invoice_line_of_nothing_takes_nothing(amount: int) -> None:
    """There is no allocation of nothing."""
    world = World().given(grant(500))
    seen = world.when(invoice(lines=[("l1", None, 100), ("l2", None, amount)]))
    assert [a.line for entry in seen.entries for a in entry.allocations] == ["l1"]
