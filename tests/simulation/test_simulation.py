"""A few seeds of the simulation; `./dev sim` runs as many as you like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from domain.batch import decide_batch
from domain.changes import Changes, State
from domain.messages import Message
from domain.transfers import TYPE as ARRIVAL
from domain.verbs import VERBS
from domain.vocabulary import Outcome
from tests.simulation.load import POISONED
from tests.simulation.ports import ProcessClock
from tests.simulation.run import simulate
from tests.simulation.world import World
from worker.state import books_in_memory


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_promise_holds_among_faults(seed: int) -> None:
    result = simulate(seed, 600)
    assert result.violations == []
    assert result.counts["crash"] + result.counts["lost_reply"] > 0


@pytest.mark.parametrize("seed", range(31, 35))
def test_an_impossible_message_holds_up_nobody(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(state: State, messages: Sequence[Message]) -> Changes:
        assert not any(message.body.note == POISONED for message in messages), "a planted bug"
        return decide_batch(state, messages)

    monkeypatch.setattr("worker.process.decide_batch", decide)
    assert simulate(seed, 400, poisoned=True).violations == []


def test_messages_of_every_kind_are_carried_out() -> None:
    """And most of them: refusals alone would prove little."""
    sent, applied = Counter[str](), Counter[str]()
    for seed in range(1, 6):
        world = World(seed, 600)
        world.run()
        for books in books_in_memory(world.store):
            sent.update(receipt.cause.type for receipt in books.receipts)
            carried_out = (one for one in books.receipts if one.outcome is Outcome.APPLIED)
            applied.update(receipt.cause.type for receipt in carried_out)
    assert applied.keys() == {*VERBS, ARRIVAL}
    assert applied.total() > 0.75 * sent.total(), applied
    assert all(number > 0.25 * sent[kind] for kind, number in applied.items()), applied


def test_the_same_seed_replays_exactly() -> None:
    one, other = simulate(21, 300), simulate(21, 300)
    assert (one.steps, one.counts) == (other.steps, other.counts)


def test_other_seeds_are_other_worlds() -> None:
    assert simulate(22, 100).counts != simulate(23, 100).counts


def test_no_worker_clock_changes_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def heads() -> dict[str, bytes]:
        world = World(24, 300)
        world.run()
        return {account_id: rows.account.head for account_id, rows in world.store.accounts.items()}

    as_it_was = heads()
    monkeypatch.setattr(ProcessClock, "now", lambda _: datetime(1970, 1, 1, tzinfo=UTC))
    assert heads() == as_it_was


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_040))
def test_every_promise_holds_for_longer(seed: int) -> None:
    assert simulate(seed, 3_000).violations == []
