"""AMQP frames on their way in: many at a time, and without looking into a message.

py-amqp makes nine system calls for a delivery and decodes all of its headers; one header that it
cannot decode, such as text that is not UTF-8, ends the connection, and does so again each time the
broker delivers that message. Here deliveries stay bytes. Everything else is left to py-amqp.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct, pack
from typing import Any, NamedTuple

from amqp.exceptions import UnexpectedFrame
from amqp.method_framing import frame_handler
from amqp.serialization import decode_properties_basic

METHOD, HEADER, BODY = 1, 2, 3
_DELIVER = pack(">HH", 60, 60)
FRAME = Struct(">BHI")
FRAME_END = b"\xce"
_TAG = Struct(">Q")
_SIZE = Struct(">Q")
SIGNATURE = "signature"
_SIGNATURE = b"\x09signature"
"""The header's name as AMQP encodes it, with its length in front."""

_PIECE = 262_144
"""Bytes asked of the socket at once."""

Frame = tuple[int, int, bytes]


class Raw(NamedTuple):
    """A delivery as it came."""

    consumer: bytes
    tag: int
    properties: bytes
    body: bytes

    def headers(self) -> dict[str, Any]:
        """What the broker or the publisher says about the message, as far as it is readable."""
        try:
            properties, _ = decode_properties_basic(self.properties, 0)
            return dict(properties.get("application_headers") or {})
        except Exception:  # anything at all may stand there
            return {}

    def signature(self) -> str | None:
        """The header of that name; headers that hide it from us count as a bad one."""
        if _SIGNATURE not in self.properties:  # decoding them costs more than all the rest
            return None
        return str(self.headers().get(SIGNATURE, ""))


@dataclass(slots=True)
class _Arriving:
    """A delivery of which some frames have come."""

    method: bytes
    properties: bytes = b""
    left: int = -1
    chunks: list[bytes] = field(default_factory=list)

    def add(self, kind: int, payload: bytes) -> None:
        if kind == HEADER:
            (self.left,) = _SIZE.unpack_from(payload, 4)
            self.properties = payload[12:]
        else:
            self.chunks.append(payload)
            self.left -= len(payload)

    def whole(self) -> Raw:
        end = 5 + self.method[4]
        (tag,) = _TAG.unpack_from(self.method, end)
        body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        return Raw(self.method[5:end], tag, self.properties, body)


class Frames:
    """A `frame_handler` for `amqp.Connection` that gives whole deliveries to `deliver`."""

    def __init__(
        self, deliver: Callable[[Raw], None], connection: Any, dispatch: Callable[..., None]
    ) -> None:
        self._deliver, self._connection = deliver, connection
        self._others = frame_handler(connection, dispatch)
        self._arriving: dict[int, _Arriving] = {}

    def __call__(self, frame: Frame) -> bool:
        """Take in one frame; returns whether something is complete with it."""
        kind, channel, payload = frame
        if kind == METHOD and payload.startswith(_DELIVER):
            self._connection.bytes_recv += 1
            self._arriving[channel] = _Arriving(payload)
            return False
        if kind not in (HEADER, BODY) or channel not in self._arriving:
            return bool(self._others(frame))
        self._connection.bytes_recv += 1
        arriving = self._arriving[channel]
        arriving.add(kind, payload)
        if arriving.left:
            return False
        del self._arriving[channel]
        self._deliver(arriving.whole())
        return True


def drain(connection: Any, wait: float) -> bool:
    """Dispatch all frames that have come, waiting for the first; False when nothing came."""
    transport = connection.transport
    try:
        with transport.having_timeout(wait):
            piece = transport._quick_recv(_PIECE)
    except TimeoutError:
        return False
    if not piece:
        raise ConnectionResetError("the broker has hung up")
    # What is left of a frame stays where py-amqp's own reading looks for it.
    frames, transport._read_buffer = _split(transport._read_buffer + piece)
    for frame in frames:
        connection.on_inbound_frame(frame)
    return True


def _split(buffer: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames in the buffer, and the rest of it."""
    frames: list[Frame] = []
    at = 0
    while len(buffer) - at > FRAME.size:
        kind, channel, size = FRAME.unpack_from(buffer, at)
        start = at + FRAME.size
        end = start + size
        if len(buffer) <= end:
            break
        if buffer[end : end + 1] != FRAME_END:
            raise UnexpectedFrame(f"a frame ends with {buffer[end]:#x}")
        frames.append((kind, channel, buffer[start:end]))
        at = end + 1
    return frames, buffer[at:]
