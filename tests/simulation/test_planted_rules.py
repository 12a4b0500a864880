"""Wrong versions of the rules: the simulation has to find them without a look at the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.account import Account
from domain.batch import decide_batch
from domain.changes import Changes, State
from domain.decision import Decision
from domain.delivery import deliver
from domain.kept import Hold, Spent
from domain.messages import Message
from domain.reversals import _of_deduction
from domain.settings import TenantSettings
from domain.verbs import VERBS
from domain.vocabulary import Kind
from tests.simulation.catching import Plant, assert_caught, name_of
from worker.memory.calendar import Date
from worker.memory.tables import Tables


def hold_is_over_but_nothing_is_free(patch: pytest.MonkeyPatch) -> None:
    def forgetful(account: Account, hold: Hold) -> Decision:
        return Decision(kept=(replace(hold, until=account.seq),))

    patch.setattr("domain.expiry.let_go", forgetful)


def hold_is_over_but_can_be_captured(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("domain.batch.end_holds", lambda *_: None)


def hold_is_over_but_no_run_looks(patch: pytest.MonkeyPatch) -> None:
    is_due = Tables._is_due

    def careless(self: Tables, date: Date) -> bool:
        return date.what != "hold" and is_due(self, date)

    patch.setattr(Tables, "_is_due", careless)


def transfer_arrives_twice(patch: pytest.MonkeyPatch) -> None:
    def twice(*args: Any) -> None:
        deliver(*args)
        deliver(*args)

    patch.setattr("domain.batch.deliver", twice)


def transfer_never_arrives(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("domain.batch.deliver", lambda *_: None)


def reversal_forgets_an_earlier_one(patch: pytest.MonkeyPatch) -> None:
    def forgetful(account: Account, spent: Spent, *rest: Any) -> Decision:
        return _of_deduction(account, replace(spent, returned=0), *rest)

    patch.setattr("domain.reversals._of_deduction", forgetful)


def writeoff_comes_back_to_be_spent(patch: pytest.MonkeyPatch) -> None:
    body, decide = VERBS["writeoff.reverse"]

    def generous(*args: Any) -> Decision:
        decision = decide(*args)
        drafts = tuple(draft for draft in decision.drafts if draft.kind is not Kind.VOID)
        return decision._replace(drafts=drafts, ended=None)

    patch.setitem(VERBS, "writeoff.reverse", (body, generous))


def settings_stay_as_they_are_in_a_batch(patch: pytest.MonkeyPatch) -> None:
    class Unchanging(dict[str, TenantSettings]):
        def __setitem__(self, tenant: str, settings: TenantSettings) -> None:
            pass

    def stubborn(state: State, messages: Sequence[Message]) -> Changes:
        return decide_batch(replace(state, settings=Unchanging(state.settings)), messages)

    patch.setattr("worker.process.decide_batch", stubborn)


PLANTED: list[tuple[Plant, str]] = [
    (hold_is_over_but_nothing_is_free, "I6"),
    (hold_is_over_but_can_be_captured, "R17"),
    (hold_is_over_but_no_run_looks, "R17"),
    (transfer_arrives_twice, "R18"),
    (transfer_never_arrives, "R18"),
    (reversal_forgets_an_earlier_one, "I6"),
    (writeoff_comes_back_to_be_spent, "R14"),
    (settings_stay_as_they_are_in_a_batch, "I9"),
]


@pytest.mark.parametrize(("plant", "promise"), PLANTED, ids=name_of)
def test_it_is_caught(plant: Plant, promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert_caught(promise)
