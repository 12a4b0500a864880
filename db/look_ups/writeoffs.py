"""An account's write-offs (R19)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from db.tables_kept import writeoffs
from domain.identity import Id128

_WRITEOFFS = """
SELECT writeoff, invoice, amount, line, parent, plan, state = 'reversed', created_by, recorded_at,
       reversed_at, reversal_reason, seq
FROM writeoff WHERE account_id = :account AND writeoff = ANY (:names) ORDER BY seq DESC
"""


class ShortfallCredit(NamedTuple):
    """A write-off (R19) as the view `writeoff` shows it; amount in minor units."""

    name: str
    invoice: str
    amount: int
    line: str | None
    parent: str | None
    plan: str | None
    is_reversed: bool
    created_by: dict[str, str] | None
    recorded_at: datetime
    reversed_at: datetime | None
    reversal_reason: str | None
    seq: int


def writeoffs_of(
    connection: Connection,
    account_id: Id128,
    *,
    invoice: str | None = None,
    name: str | None = None,
    seqs: tuple[int, int] = (1, 2**62),
    offset: int = 0,
    count: int | None = None,
) -> list[ShortfallCredit]:
    """An account's write-offs, the newest first; `seqs` is the first and the last to look at."""
    # Which ones the table says alone; the view then joins no more than what is shown.
    wanted = select(writeoffs.c.writeoff).where(
        writeoffs.c.account_id == account_id, writeoffs.c.seq.between(*seqs)
    )
    if invoice is not None:
        wanted = wanted.where(writeoffs.c.invoice == invoice)
    if name is not None:
        wanted = wanted.where(writeoffs.c.writeoff == name)
    ordered = wanted.order_by(writeoffs.c.seq.desc()).offset(offset).limit(count)
    names = list(connection.execute(ordered).scalars())
    if not names:
        return []
    rows = connection.execute(text(_WRITEOFFS), {"account": account_id, "names": names})
    return [ShortfallCredit(*row) for row in rows]
