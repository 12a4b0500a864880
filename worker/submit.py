"""Put a message on the intake and wait for its receipt. Deciding stays with the reader (I2)."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine

from db.look_ups import find_quarantined, find_receipt, settings_of
from domain.ledger import Receipt
from domain.messages import Message
from worker.codec import Decode, Decoded
from worker.ports import Broker
from worker.units import is_understood

_LOOK_EVERY = 0.02


class Unknown(Exception):
    """No receipt in time. The message may yet be decided: send it again with the same id."""


def submit(
    raw: bytes,
    broker: Broker,
    engine: Engine,
    decode: Decode,
    seconds: float,
    signature: str | None = None,
) -> dict[str, Any]:
    """The receipt of a message, or the reason why it is in quarantine; raises Unknown."""
    look = _where_to_look(decode(raw, signature), raw, engine)
    broker.submit([raw], [signature])
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        found = look()
        if found is not None:
            return found
        time.sleep(_LOOK_EVERY)
    raise Unknown(
        f"no receipt after {seconds:g} s: the outcome is unknown, send again with the same id"
    )


def _where_to_look(
    message: Decoded, raw: bytes, engine: Engine
) -> Callable[[], dict[str, Any] | None]:
    digest = sha256(raw).hexdigest()

    def quarantined() -> dict[str, Any] | None:
        reason = find_quarantined(engine, digest)
        return {"outcome": None, "quarantined": reason} if reason is not None else None

    def decided() -> dict[str, Any] | None:
        assert isinstance(message, Message)
        receipt = find_receipt(engine, message.account_id, message.cause.source, message.cause.id)
        if receipt is None:
            return quarantined() if _has_strange_unit(message, engine) else None
        return _told(receipt) if receipt.digest == message.digests.body else quarantined()

    return decided if isinstance(message, Message) else quarantined


def _has_strange_unit(message: Message, engine: Engine) -> bool:
    """Whether it reads well and is set aside all the same, as things stand."""
    if message.decimals is None:
        return False
    with engine.connect() as connection:
        units = settings_of(connection, message.body.tenant).units
    return not is_understood(message, units)


def _told(receipt: Receipt) -> dict[str, Any]:
    return {
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "seq_first": receipt.seq_first,
        "seq_last": receipt.seq_last,
        "repeats": receipt.repeats,
    }
