"""What must hold when the dust has settled, checked from outside: the journal against the books."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

from tests.end_to_end.books import against_model, shown, violations_in_views
from tests.end_to_end.model import Model
from tests.end_to_end.outsider import Observer, event_violations, wait_for
from tests.faults.load import BRIEF, STEADY
from tests.faults.rig import Rig
from worker import stack

QUIET_SECONDS_MAX = 180


def wait_until_all_is_done(rig: Rig) -> None:
    """No more messages, no more events to come, and everything brief has expired."""
    rig.publisher.stop()
    wait_for("all to be decided and told", rig.is_quiet, QUIET_SECONDS_MAX)
    alive = "SELECT 1 FROM grant_status WHERE tenant = %s AND remaining > 0 LIMIT 1"
    wait_for("all to expire", lambda: not rig.observer.ask(alive, BRIEF), QUIET_SECONDS_MAX)
    wait_for("all to be decided and told", rig.is_quiet, QUIET_SECONDS_MAX)
    for process in (rig.worker, rig.relay):
        process.stop()  # what they still had in hand is the broker's again
    rig.subscriber.stop()


def violations(rig: Rig) -> list[str]:
    """Every promise found broken, one line each."""
    good = [json.loads(sent.body) for sent in rig.publisher.journal if not sent.is_bad]
    steady = Model()
    for message in good:
        if message["data"]["tenant"] == STEADY:
            steady.take(message)
    observer = rig.observer
    return [
        *_receipts(observer, {_key(message) for message in good}),
        *_quarantine(rig),
        *_quarantine_told(rig),
        *_left_behind(rig),
        *violations_in_views(observer.database),
        *against_model(observer.database, STEADY, steady),
        *shown("I14 credit outlived its time", observer.ask(OUTLIVED, BRIEF)),
        *_events(rig),
        *_verify(observer),
    ]


OUTLIVED = "SELECT customer, balance FROM balance WHERE tenant = %s AND balance <> 0"
RECEIPTS = """
    SELECT a.tenant, a.customer, r.source, r.id
    FROM receipts r JOIN accounts a USING (account_id)"""


def _key(message: dict[str, dict[str, str]]) -> tuple[str, ...]:
    data = message["data"]
    return (data["tenant"], data["customer"], str(message["source"]), str(message["id"]))


def _receipts(observer: Observer, published: set[tuple[str, ...]]) -> Iterator[str]:
    rows = observer.ask(RECEIPTS)
    decided = set(rows)
    yield from shown("I1 no receipt", sorted(published - decided))
    yield from shown("I1 receipts of nothing published", sorted(decided - published))
    if len(rows) != len(decided):
        yield f"I2 {len(rows)} receipts of {len(decided)} messages"


def _bad(rig: Rig) -> set[bytes]:
    stored = rig.client.as_quarantined
    return {stored(sent.body) for sent in rig.publisher.journal if sent.is_bad}


def _quarantine(rig: Rig) -> Iterator[str]:
    bad = _bad(rig)
    held = {bytes(raw) for (raw,) in rig.observer.ask("SELECT raw FROM quarantine")}
    yield from shown("I13 not in quarantine", sorted(bad - held))
    yield from shown("I13 in quarantine by mistake", sorted(held - bad))


def _quarantine_told(rig: Rig) -> list[str]:
    told = {event["data"].get("digest") for event in rig.subscriber.events}
    bad = {sha256(raw).hexdigest() for raw in _bad(rig)}
    return shown("I11 quarantined and not told", sorted(bad - told))


def _left_behind(rig: Rig) -> list[str]:
    """Nobody has a message in hand any more, so both brokers count all of them."""
    left = rig.client.backlog()
    return [f"I13 {left} messages are left on the intake"] if left else []


def _events(rig: Rig) -> list[str]:
    rows = rig.observer.ask("SELECT tenant, customer, event_seq FROM accounts")
    wrong = event_violations(rig.subscriber.events, {row[:2]: row[2] for row in rows})
    return shown("events", wrong)


def _verify(observer: Observer) -> list[str]:
    """The product's own checker, as an operator runs it."""
    environment = {
        **os.environ,
        "DATABASE_URL": observer.servers.database_url,
        "BROKER_URL": observer.servers.broker_url,
        "PYTHONPATH": str(stack.ROOT),
    }
    command = [sys.executable, "-m", "worker.cli", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip().splitlines()
    return [f"scrip verify: {line}" for line in said] if done.returncode else []
