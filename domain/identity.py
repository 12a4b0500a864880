"""Ids that come from content, so that every process and every language computes the same ones."""

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, TypeAlias

Id128: TypeAlias = str
"""128 bits as 32 hex digits: a text sorts like its bytes, and is the cheapest thing to look up."""

NIL: Id128 = "0" * 32


class AccountKey(NamedTuple):
    """What names an account: credit never crosses any of the three (I15, I16)."""

    tenant: str
    customer: str
    currency: str


def _length_prefixed(*texts: str) -> bytes:
    prefixed = b""
    for text in texts:
        part = text.encode()
        prefixed += len(part).to_bytes(4, "big") + part
    return prefixed


@lru_cache(maxsize=65_536)
def account_id(key: AccountKey) -> Id128:
    """The first 128 bits of SHA-256 over each part's UTF-8, behind its length in four bytes."""
    return sha256(_length_prefixed(*key)).hexdigest()[:32]


def bucket(account: Id128) -> int:
    """The leading ten bits of the account id: what streams, leases and shards are cut by."""
    return int(account[:3], 16) >> 2


def pair_id(first: str, second: str) -> Id128:
    """Two texts as one id, computed like an account id."""
    return sha256(_length_prefixed(first, second)).hexdigest()[:32]


@lru_cache(maxsize=8_192)  # a batch asks twice: to find the receipt, and to write it
def message_key(source: str, message_id: str) -> Id128:
    """The receipt's key within its account (R20): 32 bits of the message's id, then 96 of both."""
    return _beginning(message_id) + pair_id(source, message_id)[:24]


def keys_of_id(message_id: str) -> tuple[Id128, Id128]:
    """The lowest and the highest key of messages with this id, whatever their source."""
    beginning = _beginning(message_id)
    return beginning + 24 * "0", beginning + 24 * "f"


def _beginning(message_id: str) -> str:
    return sha256(_length_prefixed(message_id)).hexdigest()[:8]


def event_id(account: Id128, event_seq: int) -> str:
    """32 hex digits; the same event carries the same id however often it is sent (I12)."""
    return sha256(bytes.fromhex(account) + event_seq.to_bytes(8, "big")).hexdigest()[:32]
