"""Wrong versions of the shell: each has to be caught, or the simulation proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import pytest

from db.errors import OutcomeUnknown, Transient
from db.values import Lease
from domain.account import Account
from domain.batch import decide_batch
from domain.changes import Changes, State
from domain.expiry import Expiry, due_expiries
from domain.messages import Message
from tests.simulation.catching import Plant, assert_caught, name_of
from tests.simulation.ports import ProcessStore
from worker.intake import Reader
from worker.ports import Broker, BrokerError, Delivery, Store
from worker.process import Batch, read_batch, settle
from worker.relay import Relay


def acknowledge_before_commit(patch: pytest.MonkeyPatch) -> None:
    give = Reader._give

    def eager(self: Any, deliveries: list[Delivery], lease: Lease) -> None:
        self._broker.acknowledge([delivery.id for delivery in deliveries])
        give(self, deliveries, lease)

    patch.setattr(Reader, "_give", eager)


def customers_have_no_decider_of_their_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("worker.routing._place", crc32)


def no_lease_at_commit(patch: pytest.MonkeyPatch) -> None:
    def unfenced(batch: Batch, store: Store, lease: Lease | None) -> None:
        settle(batch, store, None)

    patch.setattr("worker.deciding.settle", unfenced)


def commit_taken_for_granted(patch: pytest.MonkeyPatch) -> None:
    def hopeful(batch: Batch, store: Store, lease: Lease | None) -> None:
        with suppress(OutcomeUnknown):
            settle(batch, store, lease)

    patch.setattr("worker.deciding.settle", hopeful)


def no_receipts(patch: pytest.MonkeyPatch) -> None:
    def forgetful(state: State, messages: Iterable[Message]) -> Changes:
        return decide_batch(replace(state, receipts={}), messages)

    patch.setattr("worker.process.decide_batch", forgetful)


def cursor_stays_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    begin_again = Reader._begin_again

    def stubborn(self: Any) -> None:
        after = self._after
        begin_again(self)
        self._after = after

    patch.setattr(Reader, "_begin_again", stubborn)


def forget_before_durable(patch: pytest.MonkeyPatch) -> None:
    def hasty(self: Any, wait: float) -> None:
        self._store.forget(sorted(self._held))
        self._held.clear()

    patch.setattr(Relay, "_forget", hasty)


def forget_before_publish(patch: pytest.MonkeyPatch) -> None:
    unsent = ProcessStore.unsent

    def taking(self: Any, count: int, held: Any) -> Any:
        rows = unsent(self, count, held)
        self.forget([row.id for row in rows])
        return rows

    patch.setattr(ProcessStore, "unsent", taking)


def held_rows_stay_held(patch: pytest.MonkeyPatch) -> None:
    def stubborn(self: Any, wait: float, count: int = 100) -> int:
        try:
            return int(self._turn(wait, count))
        except (Transient, BrokerError):
            self._clock.sleep(wait)
        return 0

    patch.setattr(Relay, "turn", stubborn)


def events_out_of_order(patch: pytest.MonkeyPatch) -> None:
    unsent = ProcessStore.unsent

    def newest_first(self: Any, count: int, held: Any) -> Any:
        return unsent(self, count, held)[::-1]

    patch.setattr(ProcessStore, "unsent", newest_first)


def expiry_without_late_window(patch: pytest.MonkeyPatch) -> None:
    def early(account: Account, over: datetime) -> list[Expiry]:
        return due_expiries(account, over + timedelta(seconds=1))

    patch.setattr("domain.expiry.due_expiries", early)
    patch.setattr(ProcessStore, "accounts_due", _all_accounts)


def _all_accounts(self: Any, count: int, notice: timedelta) -> Any:
    accounts = self._store.accounts.values()
    due = {rows.id: rows.account.key for rows in accounts if rows.account.balance}
    return self._process.call(lambda: due, Transient)


def last_of_every_batch_is_skipped(patch: pytest.MonkeyPatch) -> None:
    def careless(deliveries: Sequence[Any], decode: Any) -> Batch:
        return read_batch(deliveries[: max(1, len(deliveries) - 1)], decode)

    patch.setattr("worker.deciding.read_batch", careless)


def acknowledging_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    def publish_only(self: Broker, ids: Sequence[str]) -> None:
        pass

    patch.setattr("tests.simulation.ports.ProcessBroker.acknowledge", publish_only)


PLANTED: list[tuple[Plant, str]] = [
    (acknowledge_before_commit, "I1"),
    (customers_have_no_decider_of_their_own, "R22"),
    (no_lease_at_commit, "I2"),
    (commit_taken_for_granted, "I1"),
    (no_receipts, "I13"),
    (cursor_stays_after_a_failure, "R22"),
    (forget_before_durable, "I12"),
    (forget_before_publish, "I12"),
    (held_rows_stay_held, "I12"),
    (events_out_of_order, "I12"),
    (expiry_without_late_window, "I14"),
    (last_of_every_batch_is_skipped, "I1"),
    (acknowledging_is_forgotten, "I18"),
]


@pytest.mark.parametrize(("plant", "promise"), PLANTED, ids=name_of)
def test_it_is_caught(plant: Plant, promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert_caught(promise)
