"""Signed messages: which senders may speak for which tenants, whatever the broker lets them write.

A signature is one text, `KEY:HEX`: the key's id and the HMAC-SHA256 of the event's very bytes. It
comes beside the event, as the field `signature` of a stream's entry, as the header of that name on
RabbitMQ, or as an argument of `credits.submit`. What is not rightly signed is `Malformed`, like
anything else that is no message of scrip: it touches nothing and holds nobody up (R21).
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from domain.messages import Message
from worker.codec import Decode, Decoded, Ignored, Malformed, message_id

EVERY_TENANT = "*"
KEY_ID = "[A-Za-z0-9._-]{1,64}"

_SIGNATURE = re.compile(rf"({KEY_ID}):([0-9a-fA-F]{{64}})")


@dataclass(frozen=True, slots=True)
class Key:
    """Whom a key speaks for; its secret is inside the MAC, where no traceback shows it."""

    id: str
    mac: hmac.HMAC
    tenants: frozenset[str]

    @classmethod
    def of(cls, name: str, secret: bytes, tenants: frozenset[str]) -> Self:
        """A key from its secret."""
        return cls(name, hmac.new(secret, digestmod=sha256), tenants)

    def digest(self, raw: bytes) -> bytes:
        """The HMAC of some bytes."""
        mac = self.mac.copy()
        mac.update(raw)
        return mac.digest()

    def sign(self, raw: bytes) -> str:
        """The signature of an event, as it goes beside it."""
        return f"{self.id}:{self.digest(raw).hex()}"

    def speaks_for(self, tenant: str) -> bool:
        """Whether it may sign messages of this tenant."""
        return tenant in self.tenants or EVERY_TENANT in self.tenants


class SignedCodec:
    """A codec that checks signatures; with `strict`, it takes none but signed messages."""

    def __init__(self, decode: Decode, keys: Mapping[str, Key], *, strict: bool) -> None:
        self._decode, self._keys, self._strict = decode, keys, strict

    def decode(self, raw: bytes, signature: str | None = None) -> Decoded:
        """What the bytes say, or what is wrong with their signature. Never raises.

        A type that is ignored has no effect, so nobody has to sign it.
        """
        found = self._decode(raw)
        if isinstance(found, Ignored):
            return found
        wrong = self._wrong(raw, signature, found)
        return Malformed(f"signature: {wrong}", message_id(found)) if wrong else found

    def _wrong(self, raw: bytes, signature: str | None, found: Message | Malformed) -> str | None:
        if signature is None:
            return "missing, and unsigned messages are not taken here" if self._strict else None
        said = _SIGNATURE.fullmatch(signature)
        if said is None:
            return "must be a key's id, a colon, and the HMAC-SHA256 of the event in hex"
        name, given = said[1], bytes.fromhex(said[2])
        key = self._keys.get(name)
        if key is None:
            return f"no key is called '{name}' here"
        if not hmac.compare_digest(key.digest(raw), given):
            return f"not that of these bytes under the key '{name}'"
        if isinstance(found, Message) and not key.speaks_for(found.body.tenant):
            return f"the key '{name}' does not speak for this tenant"
        return None


def to_keep(signature: str | None) -> str | None:
    """What stands in quarantine for a signature: itself, or a text that no key can have made.

    What is no signature may be anything, NUL and megabytes included. But it must not become none:
    a message that came with it would be an unsigned one when it is sent again.
    """
    if signature is None or _SIGNATURE.fullmatch(signature):
        return signature
    return "unreadable"
