"""`scrip demo`: a whole installation for the length of a short story."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer
from pydantic import SecretStr
from rich.table import Table
from sqlalchemy import Engine

from db import health
from db.books import snapshot
from db.tenants import add_settings
from domain.invariants import violations
from worker import settings, stack, wiring
from worker.cli import demo_broker, installation
from worker.cli.demo_broker import ReadEvents
from worker.cli.demo_epilogue import print_epilogue
from worker.cli.output import err, out
from worker.cli.story import EVENTS, LEDGER, TENANT, Step, came_out, last_step, ledger_of, steps
from worker.cli.telling import what_came
from worker.embedded import Servers
from worker.ports import Broker
from worker.stack import Process
from worker.state import Data, state_of

PAUSE = 0.2
"""Seconds between two messages on a terminal, so that they can be read as they come."""

PATIENCE = 30.0
LATE_WINDOW = 1
"""Seconds; a real installation waits an hour for late messages before it writes expiries."""

ENVIRONMENT = {"SCRIP_EXPIRY_SECONDS": "1", "SCRIP_EXPIRING_DAYS": "0"}
"""A run every second, and no `grant.expiring`, which may or may not be in time for the story."""

_WIDTH = 34


class DemoError(Exception):
    """The story did not come out as told."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo() -> None:
    """See it work: servers and workers of its own, a dozen messages, and the resulting ledger.

    With BROKER_URL=amqp://... it uses an empty virtual host of that RabbitMQ, and empties it again.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    with (
        _environment() as rabbitmq,
        demo_broker.borrowed(rabbitmq),
        tempfile.TemporaryDirectory(prefix="scrip-demo-") as folder,
    ):
        own = "PostgreSQL" if rabbitmq else "PostgreSQL, Valkey"
        out.print(f"starting {own}, a worker, a relay and a schedule, all temporary")
        with (
            stack.servers(None) as servers,
            demo_broker.followed(servers.broker_url) as events,
            stack.processes(servers, Path(folder)) as running,
            _stage(servers, running, Path(folder)) as stage,
        ):
            stage.wait_until(stage.is_ready, "the worker to be ready")
            out.print(f"ready after {time.monotonic() - started:.1f} s\n")
            _tell(stage, events)
            for process in running.values():
                process.signal(signal.SIGTERM)  # all at once, so that stopping takes no time
    out.print(f"\ndone in {time.monotonic() - started:.0f} s; nothing is left running")


class Stage:
    """The installation, as the story needs it."""

    def __init__(
        self, engine: Engine, broker: Broker, running: Mapping[str, Process], logs: Path
    ) -> None:
        self._engine, self._broker = engine, broker
        self._running, self._logs = running, logs

    def state(self) -> Data:
        """How everything stands."""
        with snapshot(self._engine) as seen:
            return state_of(seen.books(), seen.quarantined(), seen.now)

    def now(self) -> datetime:
        """The database clock."""
        with snapshot(self._engine) as seen:
            return seen.now

    def broken_promises(self) -> list[str]:
        """What `scrip verify` would find."""
        with snapshot(self._engine) as seen:
            found = [violation for books in seen.books() for violation in violations(books)]
        return [f"{broken.promise} {broken.where}: {broken.what}" for broken in found]

    def is_ready(self) -> bool:
        """Whether a reader and a relay are at work."""
        with self._engine.connect() as connection:
            held = health.leases(connection)
        return {wiring.READER_LEASE, wiring.RELAY_LEASE} <= held.keys()

    def send(self, step: Step) -> None:
        """Put the message on the intake and show what comes of it."""
        before = self.state()
        self._broker.submit([step.body])
        # Not the backlog: RabbitMQ does not count what the worker has in hand.
        self.wait_until(lambda: _decided(self.state()) != _decided(before), "an outcome")
        show(step.words, *what_came(before, self.state()))

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        """Wait, unless a process has ended meanwhile."""
        give_up_at = time.monotonic() + PATIENCE
        while not done():
            for name, process in self._running.items():
                if process.exit_code is not None:
                    raise DemoError(f"the {name} ended with {process.exit_code}{self._tail(name)}")
            if time.monotonic() > give_up_at:
                tails = "".join(map(self._tail, self._running))
                raise DemoError(f"waited {PATIENCE:.0f} s for {what}, in vain{tails}")
            time.sleep(0.02)

    def _tail(self, name: str, lines: int = 12) -> str:
        log = (self._logs / f"{name}.log").read_text(errors="replace").splitlines()
        return "".join(f"\n  {name} | {line}" for line in log[-lines:])


@contextmanager
def _stage(servers: Servers, running: Mapping[str, Process], logs: Path) -> Iterator[Stage]:
    chosen = settings.Settings(
        DATABASE_URL=SecretStr(servers.database_url), BROKER_URL=SecretStr(servers.broker_url)
    )
    with installation.database(chosen) as engine, installation.broker(chosen) as broker:
        add_settings(engine, TENANT, {"late_window": LATE_WINDOW})
        yield Stage(engine, broker, running, logs)


def _decided(state: Data) -> tuple[Data, Data]:
    return state["outcomes"], state["quarantined"]


def _tell(stage: Stage, read_events: ReadEvents) -> None:
    for step in steps():
        stage.send(step)
        time.sleep(PAUSE if out.is_terminal else 0)
    stage.send(last_step(stage.now()))
    before = stage.state()
    with err.status("waiting for the schedule"):
        stage.wait_until(lambda: len(ledger_of(stage.state())) == len(LEDGER), "an expiry")
    show("... time passes ...", *what_came(before, stage.state()))
    expected = sum(EVENTS.values())
    stage.wait_until(lambda: len(read_events()) >= expected, "the events")
    state, events = stage.state(), read_events()
    print_epilogue(state, events)
    differences = [*came_out(state, events), *stage.broken_promises()]
    if differences:
        raise DemoError("the story came out differently:\n" + "\n".join(differences))


def show(words: str, style: str, came: str) -> None:
    """One line: what was sent, and what came of it."""
    line = Table.grid(padding=(0, 2))
    line.add_column(width=_WIDTH)
    line.add_column(style=style)
    line.add_row(words, came)
    out.print(line)


@contextmanager
def _environment() -> Iterator[str | None]:
    """Nothing of the caller's installation: the demo must not touch a real ledger.

    Only the URL of a RabbitMQ is kept, because the demo cannot start one; yields it.
    """
    before = dict(os.environ)
    broker = before.get("BROKER_URL", "")
    rabbitmq = broker if wiring.is_amqp(broker) else None
    for name in [*before]:
        if name in ("DATABASE_URL", "BROKER_URL") or name.startswith("SCRIP_"):
            del os.environ[name]
    os.environ.update(ENVIRONMENT, **({"BROKER_URL": rabbitmq} if rabbitmq else {}))
    try:
        yield rabbitmq
    finally:
        os.environ.clear()
        os.environ.update(before)
