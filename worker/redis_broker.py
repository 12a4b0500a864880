"""Redis or Valkey behind the broker's port: two streams and a wake-up call.

The intake is a plain stream that one reader walks through; a message is on it until it is
acknowledged, and acknowledging deletes it. So the stream itself is the list of what is pending:
there is no consumer group whose pending list could be lost or stolen from, and a reader that was
stopped and wakes up can take nothing away from its successor.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

from hiredis import pack_command
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from worker.ports import BrokerError, Delivery

INTAKE = "credits.in"
EVENTS = "credits.events"
WAKE = "scrip.wake"
FIELD = b"event"
SIGNATURE = b"signature"

_BLOCK_MAX = 1.0
"""Seconds of one blocking command; well below the socket's timeout and any lease."""

_SOCKET_TIMEOUT = 10.0

_SETTLE_SECONDS = 2.0
"""Under `appendfsync everysec` some servers answer WAITAOF before the log is on disk."""

Command = tuple[str | bytes | int, ...]

_packed: Callable[[Command], bytes] = pack_command  # type: ignore[assignment]
"""A command as bytes; by redis-py's own way through hiredis it takes four times as long."""

PUBLISH_CHUNK = 1_000
"""Commands in one round trip: bounds the memory that the replies and the request take."""


class RedisBroker:
    """Implements `worker.ports.Broker`. Not for two threads at once."""

    def __init__(self, url: str, events_max: int | None = None) -> None:
        """`events_max` caps the event stream's length, so that it never fills the broker."""
        self._pool = Redis.from_url(
            url,
            # A retried XADD would be a second message; every failure is ours to deal with.
            retry=Retry(NoBackoff(), 0),
            socket_timeout=_SOCKET_TIMEOUT,
            socket_connect_timeout=5,
            protocol=2,
        ).connection_pool
        self._connection: Any = None
        self._events_max = events_max
        self._woken = "0-0"
        self.settle_seconds = _SETTLE_SECONDS

    def read(self, after: str | None, count: int, wait: float) -> list[Delivery]:
        """Up to `count` messages behind `after`."""
        block = ("BLOCK", max(1, int(min(wait, _BLOCK_MAX) * 1000))) if wait > 0 else ()
        command = ("XREAD", "COUNT", count, *block, "STREAMS", INTAKE, after or "0-0")
        reply = self._ask([command])[0]
        return [_delivery(entry, fields) for entry, fields in reply[0][1]] if reply else []

    def acknowledge(self, ids: Sequence[str]) -> None:
        """Delete the messages, and wake the relay in the same round trip."""
        self._ask([("XDEL", INTAKE, *ids), ("XADD", WAKE, "MAXLEN", 1, "*", "", "")])

    def give_back(self) -> None:
        """Nothing to do: reading leaves everything on the stream."""

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """Put messages on the intake."""
        signed = zip(bodies, chain(signatures or (), repeat(None)), strict=False)
        replies = self._in_chunks([_addition(body, signature) for body, signature in signed])
        return [reply.decode() for reply in replies]

    def backlog(self) -> int:
        """The length of the intake."""
        length: int = self._ask([("XLEN", INTAKE)])[0]
        return length

    def publish(self, events: Sequence[str]) -> None:
        """Append to the event stream; every XADD has been answered when this returns.

        In transactions: else a server with `appendfsync always` syncs for each 16 KB that it reads.
        """
        for at in range(0, len(events), PUBLISH_CHUNK):
            chunk = events[at : at + PUBLISH_CHUNK]
            added = [("XADD", EVENTS, "*", FIELD, event) for event in chunk]
            self._ask([("MULTI",), *added, ("EXEC",)])

    def durable(self, wait: float) -> bool:
        """Whether the broker's log is on disk up to our last write on this very connection.

        A connection that has been replaced since then has raised BrokerError before.
        """
        milliseconds = max(1, int(min(wait, _BLOCK_MAX) * 1000))
        try:
            local, _ = self._ask([("WAITAOF", 1, 0, milliseconds)])[0]
        except BrokerError as error:
            if not _cannot_say(error):
                raise
            return True  # a server that keeps no log, or is too old to tell, promises no more
        return bool(local >= 1)

    def wait_for_work(self, wait: float) -> None:
        """Block until `acknowledge` was called, by whomever."""
        block = max(1, int(min(wait, _BLOCK_MAX) * 1000))
        reply = self._ask([("XREAD", "BLOCK", block, "STREAMS", WAKE, self._woken)])[0]
        if reply:
            self._woken = reply[0][1][-1][0].decode()

    def trim(self, keep: timedelta) -> None:
        """Trim by age on the server's clock, as ids are made, and by length where a cap is set."""
        seconds, microseconds = map(int, self._ask([("TIME",)])[0])
        now = seconds * 1_000 + microseconds // 1_000
        oldest = max(0, now - int(keep.total_seconds() * 1_000))
        commands: list[Command] = [("XTRIM", EVENTS, "MINID", "~", f"{oldest}-0")]
        if self._events_max is not None:
            commands.append(("XTRIM", EVENTS, "MAXLEN", "~", self._events_max))
        self._ask(commands)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def _in_chunks(self, commands: Sequence[Command]) -> list[Any]:
        chunks = range(0, len(commands), PUBLISH_CHUNK)
        return [reply for at in chunks for reply in self._ask(commands[at : at + PUBLISH_CHUNK])]

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands in one go and read their replies, in order, on our one connection."""
        with self._answered():
            if self._connection is None:
                connection = self._pool.make_connection()
                connection.connect()  # type: ignore[no-untyped-call]
                self._connection = connection
                self.settle_seconds = _settle_seconds(connection)
            connection = self._connection
            connection.send_packed_command([b"".join(map(_packed, commands))])
            replies = [_reply(connection) for _ in commands]
        for reply in replies:
            for one in reply if isinstance(reply, list) else (reply,):  # of EXEC, one for each
                if isinstance(one, ResponseError):
                    raise BrokerError(f"the broker refused a command: {one}") from one
        return replies

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Any doubt ends the connection: what was sent on it may or may not have been done."""
        try:
            yield
        except (RedisError, OSError) as error:
            self.close()
            raise BrokerError(f"no answer from the broker: {error}") from error
        except BaseException:
            self.close()
            raise


def _settle_seconds(connection: Any) -> float:
    connection.send_command("CONFIG", "GET", "appendfsync")
    return 0.0 if _reply(connection) == [b"appendfsync", b"always"] else _SETTLE_SECONDS


def _reply(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _cannot_say(error: BrokerError) -> bool:
    cause = str(error.__cause__)
    return "unknown command" in cause or "appendonly is disabled" in cause


def _addition(body: bytes, signature: str | None) -> Command:
    plain = ("XADD", INTAKE, "*", FIELD, body)
    return plain if signature is None else (*plain, SIGNATURE, signature)


def _delivery(entry: bytes, fields: list[bytes] | None) -> Delivery:
    """The field `event`, and `signature` if it is there; without an event, all, for quarantine."""
    if fields and fields[0] == FIELD and len(fields) == 2:
        return Delivery(entry.decode(), fields[1])
    named = dict(zip(fields[::2], fields[1::2], strict=True)) if fields else {}
    body = named.get(FIELD)
    if body is None:
        body = b"\n".join(name + b"=" + value for name, value in named.items())
    signature = named.get(SIGNATURE)
    if signature is None:
        return Delivery(entry.decode(), body)
    return Delivery(entry.decode(), body, signature=signature.decode(errors="replace"))
