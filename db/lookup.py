"""Single look-ups, outside of any batch: they take no lock and decide nothing."""

from sqlalchemy import Engine, select

from db.rows import receipt_of
from db.tables import receipts
from db.tables_shared import quarantine
from domain.identity import Id128, message_key
from domain.ledger import Receipt

_RECEIPT = (
    receipts.c.account_id,
    receipts.c.source,
    receipts.c.id,
    receipts.c.type,
    receipts.c.digest,
    receipts.c.outcome,
    receipts.c.reason,
    receipts.c.decided_at,
    receipts.c.business_at,
    receipts.c.seq_first,
    receipts.c.seq_last,
    receipts.c.event_seq,
    receipts.c.attributes,
    receipts.c.repeats,
    receipts.c.conflicts,
)


def find_receipt(engine: Engine, account: Id128, source: str, message_id: str) -> Receipt | None:
    """What became of a message (I1); None while it has not been decided."""
    wanted = select(*_RECEIPT).where(
        receipts.c.account_id == account, receipts.c.key == message_key(source, message_id)
    )
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return receipt_of(tuple(row))[1] if row is not None else None


def find_quarantined(engine: Engine, digest: str) -> str | None:
    """Why bytes of this SHA-256 are in quarantine; None when they are not."""
    wanted = select(quarantine.c.reason).where(
        quarantine.c.digest == bytes.fromhex(digest), quarantine.c.state == "held"
    )
    with engine.connect() as connection:
        reason: str | None = connection.execute(wanted).scalar_one_or_none()
    return reason
