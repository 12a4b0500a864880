"""What became of a message: its receipt, in words."""

from collections.abc import Iterator, Sequence

import typer
from sqlalchemy import Connection

from db.look_ups import receipts_called, set_aside_called
from domain.books import Books
from domain.fields import rfc3339
from domain.ledger import Receipt
from domain.vocabulary import Refusal
from worker.cli.output import count, err, out, plain, print_json, table
from worker.state import Data, outcome_data

REASONS = {
    Refusal.UNKNOWN_GRANT: "the account has no grant of the id that it names",
    Refusal.UNKNOWN_INVOICE: "the account has no invoice of the id that it names",
    Refusal.UNKNOWN_ENTRY: "the account's ledger has no entry of the number that it names",
    Refusal.UNKNOWN_HOLD: "the account has no hold of the id that it names",
    Refusal.UNKNOWN_WRITEOFF: "the account has no write-off of the id that it names",
    Refusal.ID_CONFLICT: "its business id came before with other terms, or is one that only scrip "
    "gives; send it under a new id",
    Refusal.INVOICE_VOID: "the invoice is void, and that is final",
    Refusal.INVOICE_NOT_OPEN: "only an open invoice takes credit",
    Refusal.ALREADY_EXPIRED: "the grant had expired at t, or before it came",
    Refusal.ALREADY_VOIDED: "the grant had been voided before",
    Refusal.ALREADY_RELEASED: "the hold had ended before",
    Refusal.ALREADY_REVERSED: "nothing of it was left to be reversed",
    Refusal.EXCEEDS_DUE: "the amount is larger than what was due",
    Refusal.EXCEEDS_APPLIED: "the amount is larger than what stood applied",
    Refusal.INSUFFICIENT_CREDIT: "the usable credit did not reach, and it is done whole or not",
    Refusal.ABOVE_TOLERANCE: "the shortfall is larger than the plan's tolerance",
    Refusal.BALANCE_LIMIT: "the balance would have passed its limit",
}


def explain_message(
    connection: Connection,
    accounts: Sequence[Books],
    message_id: str,
    source: str | None,
    *,
    as_json: bool,
) -> None:
    """Tell every receipt of this id; says where the message is and exits when there is none."""
    by_id = {account.account_id: account for account in accounts}
    receipts = receipts_called(connection, list(by_id), message_id, source)
    aside = set_aside_called(connection, message_id)
    if not receipts and not aside:
        err.print(plain(f"no message {message_id} has been decided on this customer's accounts"))
        err.print("it may wait on the intake (`scrip doctor`), or be another customer's")
        raise typer.Exit(1)
    if as_json:
        print_json(
            {
                "receipts": [_data(by_id[receipt.account_id], receipt) for receipt in receipts],
                "quarantined": [{"digest": digest, "reason": why} for digest, why in aside],
            }
        )
        return
    for receipt in receipts:
        _print(by_id[receipt.account_id], receipt)
    for digest, reason in aside:
        out.print(plain(f"In quarantine: a message of this id, {digest[:12]}: {reason}"))
        out.print(f"`scrip quarantine show {digest[:12]}` shows it\n")


def _data(account: Books, receipt: Receipt) -> Data:
    return {
        **account.key._asdict(),
        **outcome_data(receipt),
        "words": REASONS[receipt.reason] if receipt.reason else None,
        "now": rfc3339(receipt.at.now),
        "t": rfc3339(receipt.at.t),
        "seq_first": receipt.seq_first,
        "seq_last": receipt.seq_last,
    }


def _print(account: Books, receipt: Receipt) -> None:
    tenant, customer, currency = account.key
    source, name, kind = receipt.cause
    outcome = f"{receipt.outcome}: {receipt.reason}" if receipt.reason else receipt.outcome
    out.print(plain(f"{kind} {name} from {source}, about {customer} ({tenant}), {currency}"))
    out.print(table("", ("", " "), [("outcome", outcome), *_rows(receipt)], fold=(" ",)))
    if receipt.seq_first is not None:
        out.print(plain(f"`scrip explain {receipt.seq_first} --customer {customer}` says more"))
    out.print()


def _rows(receipt: Receipt) -> Iterator[tuple[str, str]]:
    if receipt.reason:
        yield "because", REASONS[receipt.reason]
    yield "now", f"{rfc3339(receipt.at.now)}, when it was decided"
    yield "t", f"{rfc3339(receipt.at.t)}, which the rules went by"
    if receipt.seq_first is None:
        came = not receipt.reason and receipt.cause.type == "credit.grant"
        yield "entries", f"none: {'the grant had come before' if came else 'it moved no credit'}"
    elif receipt.seq_first == receipt.seq_last:
        yield "entries", f"{receipt.seq_first}"
    else:
        yield "entries", f"{receipt.seq_first} to {receipt.seq_last}"
    if receipt.repeats:
        yield "repeats", f"came again {count(receipt.repeats, 'time')}, which changed nothing"
    if receipt.conflicts:
        times = count(receipt.conflicts, "time")
        yield "conflicts", f"its id came {times} with another body, which changed nothing"
