"""Publishing over AMQP: many messages on their way at once, each confirmed by the broker."""

import json
from collections.abc import Iterable, Sequence
from struct import Struct, pack
from typing import Any, NamedTuple

from amqp import Message

from worker.amqp_frames import BODY, FRAME, FRAME_END, HEADER, METHOD, drain

WINDOW = 1_000
"""Messages sent ahead of their confirmations; bounds what the broker has to remember."""

CONFIRM_SECONDS = 10.0
"""How long nothing may be confirmed; a broker that is short of memory or disk stops reading."""

_PIECE = 100
"""Messages in one write."""

_KEY_BYTES_MAX = 255
_PUBLISH = pack(">HHH", 60, 40, 0)
_CONTENT = Struct(">HHQ")
_OVERHEAD = FRAME.size + 1


class Refused(OSError):
    """The broker has said no to a message, so it is not kept."""


class Outgoing(NamedTuple):
    """A message, the key that it is routed by, and its encoded properties."""

    key: str
    body: bytes
    properties: bytes


class Publishing:
    """A channel on which everything published is confirmed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.events["basic_ack"].add(self._confirm)
        self._channel.events["basic_nack"].add(_refuse)
        self._channel.events["basic_return"].add(_returned)
        self._channel.confirm_select()
        self._last = self._lowest = 0
        self._unconfirmed: set[int] = set()

    def publish(self, exchange: str, messages: Sequence[Outgoing]) -> None:
        """Returns when the broker has every message, each on some queue."""
        for at in range(0, len(messages), _PIECE):
            piece = messages[at : at + _PIECE]
            if len(self._unconfirmed) >= WINDOW:
                self._wait_until_unconfirmed(WINDOW // 2)
            first, self._last = self._last + 1, self._last + len(piece)
            self._unconfirmed.update(range(first, self._last + 1))
            send(self._channel, exchange, piece, mandatory=True)
        self._wait_until_unconfirmed(0)

    def _wait_until_unconfirmed(self, number: int) -> None:
        while len(self._unconfirmed) > number:
            if not drain(self._connection, CONFIRM_SECONDS):
                raise TimeoutError(f"nothing confirmed for {CONFIRM_SECONDS:g} s")

    def _confirm(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed.difference_update(range(self._lowest, tag + 1))
            self._lowest = tag + 1
        else:
            self._unconfirmed.discard(tag)


def send(channel: Any, exchange: str, messages: Iterable[Outgoing], *, mandatory: bool) -> None:
    """Publish in one write, waiting for nothing; py-amqp takes eight times as long."""
    connection = channel.connection
    room = connection.frame_max - _OVERHEAD
    to = _PUBLISH + _short(exchange)
    frames = (
        _frame(kind, channel.channel_id, payload)
        for message in messages
        for kind, payload in _payloads(to, message, mandatory, room)
    )
    connection.transport.write(b"".join(frames))
    connection.bytes_sent += 1


def properties(**named: Any) -> bytes:
    """Encoded properties of a message."""
    message: Any = Message(**named)
    return bytes(message._serialize_properties())


def type_of(body: bytes | str) -> str:
    """The type of an event, to route it by; nothing where there is none."""
    try:
        kind = json.loads(body)["type"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    fits = isinstance(kind, str) and len(kind.encode(errors="replace")) <= _KEY_BYTES_MAX
    return kind if fits else ""


def _payloads(
    to: bytes, message: Outgoing, mandatory: bool, room: int
) -> Iterable[tuple[int, bytes]]:
    body = message.body
    yield METHOD, to + _short(message.key) + bytes([mandatory])
    yield HEADER, _CONTENT.pack(60, 0, len(body)) + message.properties
    for at in range(0, len(body), room):
        yield BODY, body[at : at + room]


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return FRAME.pack(kind, channel, len(payload)) + payload + FRAME_END


def _short(text: str) -> bytes:
    encoded = text.encode(errors="replace")
    return bytes([len(encoded)]) + encoded


def _refuse(tag: int, _: bool) -> None:
    raise Refused(f"the broker refused message {tag} of this connection")


def _returned(_: Exception, exchange: str, key: str, __: Message) -> None:
    raise Refused(f"no queue is bound to the exchange {exchange} for a message of type {key}")
