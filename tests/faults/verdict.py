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
from tests.end_to_end.outsider import Outsider, event_violations, wait_for
from tests.faults.load import BRIEF, STEADY, Sent
from tests.faults.rig import Rig
from worker import stack

QUIET_SECONDS_MAX = 180


def wait_until_all_is_done(rig: Rig) -> None:
    """No more messages, no more events to come, and everything brief has expired."""
    rig.publisher.stop()
    rig.outsider.wait_until_quiet(QUIET_SECONDS_MAX)
    alive = "SELECT 1 FROM grant_status WHERE tenant = %s AND remaining > 0 LIMIT 1"
    wait_for("all to expire", lambda: not rig.outsider.ask(alive, BRIEF), QUIET_SECONDS_MAX)
    rig.outsider.wait_until_quiet(QUIET_SECONDS_MAX)
    rig.subscriber.stop()


def violations(rig: Rig) -> list[str]:
    """Every promise found broken, one line each."""
    good = [json.loads(sent.body) for sent in rig.publisher.journal if not sent.is_bad]
    steady = Model()
    for message in good:
        if message["data"]["tenant"] == STEADY:
            steady.take(message)
    outsider = rig.outsider
    return [
        *_receipts(outsider, {_key(message) for message in good}),
        *_quarantine(outsider, rig.publisher.journal),
        *_quarantine_told(rig),
        *violations_in_views(outsider.database),
        *against_model(outsider.database, STEADY, steady),
        *shown("I14 credit outlived its time", outsider.ask(OUTLIVED, BRIEF)),
        *_events(rig),
        *_verify(outsider),
    ]


OUTLIVED = "SELECT customer, balance FROM balance WHERE tenant = %s AND balance <> 0"
RECEIPTS = """
    SELECT a.tenant, a.customer, r.source, r.id
    FROM receipts r JOIN accounts a USING (account_id)"""


def _key(message: dict[str, dict[str, str]]) -> tuple[str, ...]:
    data = message["data"]
    return (data["tenant"], data["customer"], str(message["source"]), str(message["id"]))


def _receipts(outsider: Outsider, published: set[tuple[str, ...]]) -> Iterator[str]:
    rows = outsider.ask(RECEIPTS)
    decided = set(rows)
    yield from shown("I1 no receipt", sorted(published - decided))
    yield from shown("I1 receipts of nothing published", sorted(decided - published))
    if len(rows) != len(decided):
        yield f"I2 {len(rows)} receipts of {len(decided)} messages"


def _quarantine(outsider: Outsider, journal: list[Sent]) -> Iterator[str]:
    bad = {sent.quarantined for sent in journal if sent.is_bad}
    held = {bytes(raw) for (raw,) in outsider.ask("SELECT raw FROM quarantine")}
    yield from shown("I13 not in quarantine", sorted(bad - held))
    yield from shown("I13 in quarantine by mistake", sorted(held - bad))


def _quarantine_told(rig: Rig) -> list[str]:
    told = {event["data"].get("digest") for event in rig.subscriber.events}
    bad = {sha256(s.quarantined).hexdigest() for s in rig.publisher.journal if s.is_bad}
    return shown("I11 quarantined and not told", sorted(bad - told))


def _events(rig: Rig) -> list[str]:
    rows = rig.outsider.ask("SELECT tenant, customer, event_seq FROM accounts")
    wrong = event_violations(rig.subscriber.events, {row[:2]: row[2] for row in rows})
    return shown("events", wrong)


def _verify(outsider: Outsider) -> list[str]:
    """The product's own checker, as an operator runs it."""
    environment = {
        **os.environ,
        "DATABASE_URL": outsider.servers.database_url,
        "BROKER_URL": outsider.servers.broker_url,
        "PYTHONPATH": str(stack.ROOT),
    }
    command = [sys.executable, "-m", "worker.cli", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip().splitlines()
    return [f"scrip verify: {line}" for line in said] if done.returncode else []
