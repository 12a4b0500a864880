"""The wire codec: from the bytes of a CloudEvent to a message of the domain, or why not.

Bytes come from anyone, so nothing in them makes `Codec.decode` raise: whatever is no message of
scrip comes back as a `Malformed` value, on its way to the quarantine (R21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic_core import ValidationError

from domain.digests import digests
from domain.fields import Identifier, Instant, Name
from domain.messages import Body, Cause, Message
from domain.money import EXPONENTS
from domain.verbs import VERBS
from worker.codec_fields import hints, part_of, validator
from worker.codec_json import UnreadableError, parse, salvage
from worker.codec_reasons import (
    ERRORS_MAX,
    SENTENCE_MAX,
    Decimals,
    cut,
    did_you_mean,
    join,
    quoted,
    sentence,
)

BYTES_MAX = 262_144


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no message, and why, on one line; with the message's id if it has one."""

    reason: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event of a type that this installation does not listen to."""

    type: str


Decoded = Message | Malformed | Ignored


class Decode(Protocol):
    """From a message's bytes, and the signature that came beside them, to what they say."""

    def __call__(self, raw: bytes, signature: str | None = None, /) -> Decoded: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What CloudEvents and scrip want around every body."""

    specversion: Literal["1.0"]
    id: Identifier
    source: Annotated[str, Name(bytes_max=1_024)]
    type: Identifier
    time: Instant
    data: dict[str, Any]


_ENVELOPE = validator(Envelope, extra="ignore")
_REQUIRED = frozenset(hints(Envelope))
_ID = validator(Identifier)
_BODIES = {name: validator(body) for name, (body, _) in VERBS.items()}


class _RefusedError(Exception):
    """Ends the decoding of a message; its text is the reason."""


class Codec:
    """Decodes messages under the limits of one installation."""

    def __init__(
        self, *, ignore_types: frozenset[str] = frozenset(), bytes_max: int = BYTES_MAX
    ) -> None:
        self._ignore_types = ignore_types
        self._bytes_max = bytes_max

    def decode(
        self,
        raw: bytes,
        signature: str | None = None,  # noqa: ARG002 - worker/signatures.py looks at it
    ) -> Decoded:
        """What the bytes say, whoever sent them. Never raises, whatever they are."""
        if len(raw) > self._bytes_max:
            reason = f"too large: {len(raw)} bytes, and at most {self._bytes_max} are read"
            return Malformed(reason, None)
        try:
            event = parse(raw)
        except UnreadableError as error:
            return _malformed(str(error), salvage(raw, "id"))
        if not isinstance(event, dict):
            return Malformed("must be a JSON object, a CloudEvent", None)
        kind = event.get("type")
        if isinstance(kind, str) and kind in self._ignore_types:
            return Ignored(kind)
        try:
            return _message(event, raw)
        except _RefusedError as error:
            return _malformed(str(error), event.get("id"))


def message_id(decoded: Decoded) -> str | None:
    """The id of what was decoded, where it can be read."""
    if isinstance(decoded, Message):
        return decoded.cause.id
    return decoded.message_id if isinstance(decoded, Malformed) else None


def _malformed(reason: str, id_: Any) -> Malformed:
    readable = _ID.isinstance_python(id_)
    return Malformed(cut(reason, SENTENCE_MAX), id_ if readable else None)


def _message(event: dict[str, Any], raw: bytes) -> Message:
    attributes = None if event.keys() <= _REQUIRED else _attributes(event)
    try:
        envelope = _ENVELOPE.validate_python(event)
    except ValidationError as error:
        raise _RefusedError(_sentences(error, Envelope, (), None)) from error
    decimals = _decimals(envelope.data.get("currency"))
    body = _body(envelope.type, envelope.data, decimals)
    return Message(
        cause=Cause(envelope.source, envelope.id, envelope.type),
        time=envelope.time,
        body=body,
        digests=digests(envelope.type, envelope.id, body),
        raw=raw,
        attributes=attributes,
        decimals=frozenset(decimals) if isinstance(decimals, set) else None,
    )


def _decimals(currency: Any) -> Decimals:
    if not isinstance(currency, str):
        return None
    exponent = EXPONENTS.get(currency)
    return set() if exponent is None else exponent


def _body(kind: str, data: dict[str, Any], decimals: Decimals) -> Body:
    if kind not in VERBS:
        hint = did_you_mean(kind, VERBS)
        raise _RefusedError(f"type: unknown message type {quoted(kind)}{hint}")
    try:
        body: Body = _BODIES[kind].validate_python(data, context=decimals)
    except ValidationError as error:
        raise _RefusedError(_sentences(error, VERBS[kind][0], ("data",), decimals)) from error
    if isinstance(decimals, set) and len(decimals) > 1:
        shown = " and ".join(map(str, sorted(decimals)))
        raise _RefusedError(f"data: all amounts must show the same number of decimals, not {shown}")
    problem = body.malformed()
    if problem is not None:
        raise _RefusedError(problem)
    return body


def _attributes(event: dict[str, Any]) -> Mapping[str, Any] | None:
    """The other attributes, which are kept; null is the same as absent, as CloudEvents has it."""
    names = sorted(event.keys() - _REQUIRED)
    others = {name: event[name] for name in names if event[name] is not None}
    if "data_base64" in others:
        raise _RefusedError("data_base64: not supported; send data as a JSON object")
    media = others.pop("datacontenttype", "application/json")
    if not _is_json(media):
        raise _RefusedError("datacontenttype: must be application/json")
    for name, value in others.items():
        if not isinstance(value, str | int):
            raise _RefusedError(f"{join([name])}: must be a string, an integer, true or false")
    return others or None


def _is_json(media: Any) -> bool:
    if not isinstance(media, str):
        return False
    essence = media.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def _sentences(error: ValidationError, part: type, root: Sequence[str], decimals: Decimals) -> str:
    """The first few errors, each with its path."""
    told = []
    for details in error.errors(include_url=False)[:ERRORS_MAX]:
        path = details["loc"]
        if details["type"] == "unexpected_keyword_argument":
            hint = did_you_mean(str(path[-1]), hints(_part_at(part, path)))
            told.append(f"{join([*root, *path])}: unknown field{hint}")
        else:
            told.append(f"{join([*root, *path])}: {sentence(details, decimals)}")
    return "; ".join(told)


def _part_at(part: type, path: Sequence[str | int]) -> type:
    """The dataclass in which the last step of a path lies."""
    for step in path[:-1]:
        if isinstance(step, str):
            part = part_of(hints(part)[step]) or part
    return part
