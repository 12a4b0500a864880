"""What became of messages: receipts and the quarantine, by the ids that publishers gave them."""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, select

from db.books import RECEIPT
from db.rows import receipt_of
from db.tables import receipts
from db.tables_shared import quarantine
from domain.identity import Id128, keys_of_id, message_key
from domain.ledger import Receipt


def find_receipt(engine: Engine, account: Id128, source: str, message_id: str) -> Receipt | None:
    """What became of a message (I1); None while it has not been decided."""
    wanted = select(*RECEIPT).where(
        receipts.c.account_id == account, receipts.c.key == message_key(source, message_id)
    )
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return receipt_of(tuple(row))[1] if row is not None else None


def receipts_called(
    connection: Connection,
    account_ids: Collection[Id128],
    message_id: str,
    source: str | None = None,
) -> list[Receipt]:
    """The receipts of messages with this id, of one source or whichever it is."""
    wanted = select(*RECEIPT).where(
        receipts.c.account_id.in_(account_ids),
        receipts.c.key.between(*keys_of_id(message_id)),
        receipts.c.id == message_id,
    )
    if source is not None:
        wanted = wanted.where(receipts.c.key == message_key(source, message_id))
    ordered = wanted.order_by(receipts.c.account_id, receipts.c.source)
    return [receipt_of(tuple(row))[1] for row in connection.execute(ordered)]


def find_quarantined(engine: Engine, digest: str) -> str | None:
    """Why bytes of this SHA-256 are in quarantine; None when they are not."""
    wanted = select(quarantine.c.reason).where(
        quarantine.c.digest == bytes.fromhex(digest), quarantine.c.state == "held"
    )
    with engine.connect() as connection:
        reason: str | None = connection.execute(wanted).scalar_one_or_none()
    return reason


def set_aside_called(connection: Connection, message_id: str) -> list[tuple[str, str]]:
    """The digest and the reason of every message with this id that is in quarantine."""
    wanted = select(quarantine.c.digest, quarantine.c.reason).where(
        quarantine.c.message_id == message_id, quarantine.c.state == "held"
    )
    rows = connection.execute(wanted.order_by(quarantine.c.since, quarantine.c.digest))
    return [(row[0].hex(), row[1]) for row in rows]
