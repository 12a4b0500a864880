"""`scrip statement --json`; amounts in minor units."""

from datetime import datetime

from domain.credit import Grant
from domain.fields import rfc3339
from worker.cli.ledger_rows import row_data
from worker.state import Data
from worker.statement.account import AccountStatement, Credited, reversed_writeoffs
from worker.statement.picture import steps_of

_AMOUNTS = ("available", "balance", "held", "pending")


def statement_data(account: AccountStatement, at: datetime | None) -> Data:
    """One account; `at` stands in it where somebody asked for an instant."""
    undone = reversed_writeoffs(account)
    return {
        **account.key._asdict(),
        **({"at": rfc3339(at)} if at is not None else {}),
        **({"from": rfc3339(account.since)} if account.since is not None else {}),
        **{name: getattr(account, name) for name in _AMOUNTS},
        "held_at_most": account.is_most_held,
        "expired_unwritten": account.expired,
        "by": [{**share._asdict(), "scope": list(share.scope)} for share in account.shares],
        "order": account.order,
        "grants": [_grant_data(account, grant) for grant in account.grants],
        "gone": [went._asdict() for went in account.gone],
        "expires": [{"at": rfc3339(at), "amount": amount} for at, amount in account.falls],
        "balance_over_time": [
            {"at": rfc3339(at), "balance": balance, "expired": expired}
            for at, balance, expired in steps_of(account.ledger)[0]
        ],
        "opening": account.opening,
        "left_out": account.left_out,
        "ledger": [row_data(entry) for entry in reversed(account.ledger)],
        "invoices": [_invoice_data(one) for one in account.invoices],
        "writeoffs": [
            {
                "writeoff": one.name,
                "invoice": one.invoice,
                "amount": one.amount,
                "seq": one.seq,
                "plan": one.plan,
                "reversed": one.name in undone,
            }
            for one in account.writeoffs
        ],
    }


def _grant_data(account: AccountStatement, grant: Grant) -> Data:
    details = account.details[grant.grant]
    return {
        "grant": grant.grant,
        "amount": grant.amount,
        "remaining": grant.remaining,
        "held": grant.held,
        "state": grant.state(account.at),
        "effective_at": _instant(grant.effective_at),
        "expires_at": _instant(grant.expires_at),
        "category": grant.category,
        "priority": grant.priority,
        "scope": list(grant.scope),
        "memo": details.memo,
        "reference_number": details.reference_number,
    }


def _instant(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None


def _invoice_data(one: Credited) -> Data:
    bill = one.bill
    known = {"amount_due": bill.amount_due, "due": bill.due, "status": bill.status} if bill else {}
    return {
        "invoice": one.invoice,
        "since": rfc3339(one.since),
        "applied": one.stands,
        **known,
        "from": [part._asdict() for part in one.parts],
    }
