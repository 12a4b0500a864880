"""Between rows and what an account keeps under names of its own; written as in `db/rows.py`."""

from collections.abc import Iterable

from db.rows import Row, encode, instant
from domain.account import Account
from domain.changes import Amended
from domain.credit import Allocation
from domain.fields import rfc3339
from domain.identity import Id128
from domain.kept import Hold, Spent, Transfer, Writeoff
from domain.vocabulary import Kind

TRANSFER_COLUMNS = "account_id, transfer, to_customer, amount, seq, terms"
AMENDMENT_COLUMNS = (
    "account_id, grant_id, number, seq, expires_before, expires_at, priority_before, priority, "
    "memo, reference_number, cause_source, cause_id, cause_type, recorded_at, context"
)


def hold_of(row: Row) -> Hold:
    """From load_holds and load_open_holds, without the account id."""
    name, lots, *rest = row
    return Hold(name, _lots(lots), *rest)


def hold_row(account_id: Id128, hold: Hold) -> Row:
    """For save_holds."""
    lots, expires_at = encode(hold.lots), instant(hold.expires_at)
    return account_id, hold.name, lots, expires_at, hold.since, hold.until, hold.terms


def transfer_of(row: Row) -> Transfer:
    """From load_transfers, without the account id."""
    return Transfer(*row)


def transfer_row(account_id: Id128, sent: Transfer) -> Row:
    """For COPY, in the order of TRANSFER_COLUMNS."""
    return account_id, sent.name, sent.to_customer, sent.amount, sent.seq, sent.terms


def writeoff_of(row: Row) -> Writeoff:
    """From load_writeoffs, without the account id."""
    return Writeoff(*row)


def writeoff_row(account_id: Id128, writeoff: Writeoff) -> Row:
    """For save_writeoffs."""
    return (
        account_id,
        writeoff.name,
        writeoff.invoice,
        writeoff.amount,
        writeoff.seq,
        writeoff.line,
        writeoff.parent,
        writeoff.plan,
        writeoff.is_reversed,
        writeoff.terms,
    )


def spent_of(row: Row) -> Spent:
    """From load_spent, without the account id."""
    seq, kind, invoice, allocations, returned = row
    return Spent(seq, Kind(kind), invoice, _lots(allocations), returned)


def returned_row(account_id: Id128, spent: Spent) -> Row:
    """For save_returned."""
    return account_id, spent.name, spent.returned


def amendment_row(amended: Amended) -> Row:
    """For COPY, in the order of AMENDMENT_COLUMNS."""
    amendment, occasion = amended.amendment, amended.occasion
    return (
        amended.account_id,
        amendment.grant,
        amendment.number,
        amendment.seq,
        instant(amendment.expires_before),
        instant(amendment.expires_at),
        amendment.priority_before,
        amendment.priority,
        amendment.memo,
        amendment.reference_number,
        *occasion.cause,
        rfc3339(occasion.at.now),
        occasion.context,
    )


def amended_rows(amended: Iterable[Amended]) -> list[Row]:
    """For save_amended: one row a grant, its newest terms and the newest words that were given."""
    grants: dict[tuple[Id128, str], Row] = {}
    for account_id, amendment, _ in amended:
        key = (account_id, amendment.grant)
        _, _, memo, reference_number, _ = grants.get(key, (None,) * 5)
        grants[key] = (
            instant(amendment.expires_at),
            amendment.priority,
            memo if amendment.memo is None else amendment.memo,
            reference_number if amendment.reference_number is None else amendment.reference_number,
            amendment.number,
        )
    return [(*key, *terms) for key, terms in grants.items()]


def settings_row(account: Account) -> Row:
    """For save_configured."""
    said = account.settings
    return account.id, said.auto_apply, said.apply_to_open_invoices, said.low_balance, said.plan


def _lots(lots: Iterable[Iterable[object]]) -> tuple[Allocation, ...]:
    return tuple(Allocation(*lot) for lot in lots)  # type: ignore[arg-type]
