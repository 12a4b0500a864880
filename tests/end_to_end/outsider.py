"""What the world outside does with an installation: publish, subscribe, look things up in SQL."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import psycopg
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.embedded import Servers

INTAKE = "credits.in"
EVENTS = "credits.events"
LOOK_EVERY = 0.02


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true value of the condition; says what did not come when time is up."""
    ends_at = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(LOOK_EVERY)
    return found


class Observer:
    """Somebody with a database client, without any code of scrip in between."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.database = self._connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.database.close()

    def _connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.servers.database_url, autocommit=True)

    def sit_out_a_crash(self) -> None:
        """Returns when the database, which is about to crash, answers again."""

        def answers() -> bool:
            with suppress(psycopg.OperationalError):
                return self.ask("SELECT true")[0][0] is True
            return False

        def answers_again() -> bool:
            with suppress(psycopg.OperationalError):
                self.database = self._connected()
            return answers()

        wait_for("the crash", lambda: not answers())
        wait_for("the recovery", answers_again, 60)

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.database.execute(sql.encode(), parameters).fetchall()

    def count(self, table: str) -> int:
        """Rows of a table or view."""
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])

    def wait_for_reader(self) -> str:
        """Returns who holds the reader's lease, once it is held."""
        sql = "SELECT holder FROM leases WHERE name = 'reader/0' AND expires_at > clock_timestamp()"
        holder: str = wait_for("a reader", lambda: self.ask(sql))[0][0]
        return holder


class Outsider(Observer):
    """The same with a client of Redis."""

    def __init__(self, servers: Servers) -> None:
        super().__init__(servers)
        # A retried XADD would be a second message, and tests want to see every error.
        self.redis = Redis.from_url(
            servers.broker_url, retry=Retry(NoBackoff(), 0), socket_timeout=10, protocol=2
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.redis.close()
        super().__exit__(kind, error, traceback)

    def publish(self, *messages: bytes) -> None:
        """One XADD each, in order, in one round trip."""
        with self.redis.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.xadd(INTAKE, {"event": message})
            pipe.execute()

    def backlog(self) -> int:
        """Messages that nobody has acknowledged."""
        length: int = self.redis.xlen(INTAKE)
        return length

    def is_quiet(self) -> bool:
        """Whether everything is committed and every event out."""
        return self.backlog() == 0 and self.count("outbox") == 0

    def wait_until_quiet(self, seconds: float = 30.0) -> None:
        """Returns when there is nothing left to do."""
        wait_for("the intake and the outbox to be empty", self.is_quiet, seconds)

    def events(self, customer: str | None = None) -> list[dict[str, Any]]:
        """Everything on the event stream, or what is about one customer."""
        entries: Any = self.redis.xrange(EVENTS)
        events = [json.loads(fields[b"event"]) for _, fields in entries]
        return [e for e in events if customer in (None, e["data"].get("customer"))]


def event_violations(
    events: Iterable[dict[str, Any]], accounts: dict[tuple[str, str], int]
) -> list[str]:
    """What is wrong with events as a subscriber saw them arrive (I11, I12).

    `accounts` holds each account's own event_seq by tenant and customer.
    """
    last: defaultdict[tuple[str, str], int] = defaultdict(int)
    ids: dict[tuple[tuple[str, str], int], str] = {}
    wrong = []
    for event in events:
        data = event["data"]
        if "event_seq" not in data:
            continue
        account, seq = (data["tenant"], data["customer"]), data["event_seq"]
        if seq > last[account] + 1:
            wrong.append(f"I12 {account} jumps from {last[account]} to {seq}")
        last[account] = max(last[account], seq)
        if ids.setdefault((account, seq), event["id"]) != event["id"]:
            wrong.append(f"I12 {account} event {seq} came under two ids")
    wrong += [
        f"I11 {account} has {stored} events, and the last delivered is {last[account]}"
        for account, stored in accounts.items()
        if last[account] != stored
    ]
    return wrong
