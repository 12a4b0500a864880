"""What was published, as a file says, and the events that came of it: sorted by account, on disk.

Both may be larger than memory, so they go to an unnamed database in a temporary file, which is
gone when it is closed. In memory stay the digests of malformed messages, which should be few.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self

from domain.changes import Key
from domain.configuring import ConfigureTenant
from domain.identity import AccountKey, Id128, account_id
from domain.messages import Message
from domain.transfers import TransferCredit
from domain.units import declared_by
from worker.codec import Codec, Malformed
from worker.units import is_understood

_TABLES = """
    PRAGMA synchronous = OFF;
    CREATE TABLE said (
        account TEXT, position INTEGER, source TEXT, id TEXT, body TEXT, digest TEXT,
        strange INTEGER, raw BLOB, PRIMARY KEY (account, position)
    ) WITHOUT ROWID;
    CREATE TABLE told (
        account TEXT, event_seq INTEGER, raw BLOB, PRIMARY KEY (account, event_seq)
    ) WITHOUT ROWID;
    CREATE TABLE seen (account TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_SAID = """SELECT source, id, position, body, digest, strange, raw FROM said
    WHERE account = ? ORDER BY position"""


class Said(NamedTuple):
    """A well-formed message of the journal."""

    key: Key
    position: int
    """1 for the journal's first message."""
    body: Id128
    """The digest that tells repeats from conflicts (R20)."""
    digest: str
    """SHA-256 of the bytes, in hex: what quarantine knows them by."""
    strange: bool
    """Whether its currency is one that nobody had declared before it."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies on the intake and has not been taken from it."""

    count: int = 0
    bodies: Counter[str] | None = field(default_factory=Counter)
    """How often which bytes, by digest; None where the broker does not show them."""

    def may_hold(self, digest: str) -> int:
        """How often these bytes may be among them."""
        return self.count if self.bodies is None else self.bodies[digest]


class Journal:
    """The messages of a journal and the published events, by account."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._db = sqlite3.connect("")
        self._db.executescript(_TABLES)
        self._declared: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._size = 0
        self.counts: Counter[str] = Counter()
        self.malformed: set[str] = set()
        """Digests of the messages that cannot be understood."""
        self.tied: list[tuple[Id128, Id128]] = []
        """Senders and receivers of transfers."""
        self.configured: dict[Key, int] = {}
        """The first position of each tenant.configure."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def read(self, lines: Iterable[bytes]) -> None:
        """Add messages as they were published, in order."""
        rows = [row for raw in lines for row in self._row(raw)]
        self._db.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def add_events(self, events: Iterable[tuple[Id128, int, bytes]]) -> list[tuple[Id128, int]]:
        """Add events, each by account and event_seq; returns those that say something else now."""
        differ = []
        for account, event_seq, raw in events:
            key = (account, event_seq)
            added = self._db.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", (*key, raw))
            if not added.rowcount:
                wanted = "SELECT raw FROM told WHERE account = ? AND event_seq = ?"
                (known,) = self._db.execute(wanted, key).fetchone()
                if known != raw:
                    differ.append(key)
        return differ

    def said_of(self, account: Id128) -> list[Said]:
        """The messages of an account, in order; it counts as seen from now on."""
        self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (account,))
        rows = self._db.execute(_SAID, (account,))
        return [
            Said(Key(account, source, name), position, body, digest, bool(strange), raw)
            for source, name, position, body, digest, strange, raw in rows
        ]

    def told_of(self, account: Id128) -> dict[int, bytes]:
        """The events of an account, by event_seq."""
        wanted = "SELECT event_seq, raw FROM told WHERE account = ? ORDER BY event_seq"
        return dict(self._db.execute(wanted, (account,)))

    def accounts_unseen(self) -> Iterator[tuple[Id128, list[Said]]]:
        """The accounts that nobody has asked for, and the messages about them."""
        missing = (
            "SELECT DISTINCT account FROM said WHERE account NOT IN (SELECT account FROM seen)"
        )
        for (account,) in self._db.execute(missing).fetchall():
            yield account, self.said_of(account)

    def message(self, said: Said) -> Message:
        """The message once more."""
        decoded = self._codec.decode(said.raw)
        assert isinstance(decoded, Message), "it was one when it was read"
        return decoded

    def _row(self, raw: bytes) -> Iterator[tuple[object, ...]]:
        self._size += 1
        decoded = self._codec.decode(raw)
        digest = sha256(raw).hexdigest()
        if isinstance(decoded, Malformed):
            self.counts["malformed"] += 1
            self.malformed.add(digest)
        elif isinstance(decoded, Message):
            self.counts["messages"] += 1
            self._note(decoded)
            strange = not is_understood(decoded, self._declared[decoded.body.tenant])
            key = (decoded.account_id, self._size, *decoded.cause[:2])
            yield *key, decoded.digests.body, digest, strange, raw
        else:
            self.counts["ignored"] += 1

    def _note(self, message: Message) -> None:
        """What matters to other accounts, too."""
        body = message.body
        if isinstance(body, TransferCredit):
            receiver = AccountKey(body.tenant, body.to_customer, body.currency)
            self.tied.append((message.account_id, account_id(receiver)))
        elif isinstance(body, ConfigureTenant):
            key = Key(message.account_id, *message.cause[:2])
            self.configured.setdefault(key, self._size)
            self._declared[body.tenant].update(declared_by(message))
