"""What an entry came to, as a sentence."""

from collections.abc import Iterable

from domain.credit import Allocation
from domain.expiry import HOLD_TYPE
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.cli.explain_replay import Case
from worker.cli.output import money

_ENDS_A_HOLD = ("credit.release", "credit.capture", HOLD_TYPE)


def sentence_of(case: Case) -> str:
    """Such as `1.20 of credit applied on invoice INV`."""
    entry, currency = case.entry, case.account.key.currency
    amount, parts = money(abs(entry.amount), currency), parts_of(entry.allocations, currency)
    on = f" on invoice {entry.invoice}" if entry.invoice else ""
    match entry.kind:
        case Kind.APPLICATION:
            return f"{amount} of credit applied{on}"
        case Kind.DEDUCTION:
            return f"{amount} deducted"
        case Kind.REVERSAL:
            return f"{amount} of {_reversed(entry)} given back{on}{_back_to(case)}: {parts}"
        case Kind.GRANT:
            return f"{amount} came in as grant {entry.allocations[0].grant}"
        case Kind.TRANSFER_OUT:
            return f"{amount} left for customer {case.to_customer}, with its terms: {parts}"
        case Kind.TRANSFER_IN:
            transfer = entry.cause.id.partition("/")[2]
            return f"{amount} arrived by transfer {transfer}, with its terms: {parts}"
        case Kind.WRITEOFF_GRANT:
            return f"{amount} of credit made to write a shortfall off; nothing else can use it"
        case Kind.WRITEOFF_APPLICATION:
            return f"{amount} written off{on}, and the balance is as it was"
        case _:
            return f"{amount} {_gone(case)}: {parts}"


def parts_of(allocations: Iterable[Allocation], currency: str) -> str:
    """Such as `bought 3.00, gift for line 1 0.50`."""
    return ", ".join(
        f"{grant}{f' for {line}' if line else ''} {money(amount, currency)}"
        for grant, line, amount in allocations
    )


def _reversed(entry: Entry) -> str:
    many = len(entry.reverses) > 1
    return f"{'entries' if many else 'entry'} {', '.join(map(str, entry.reverses))}"


def _back_to(case: Case) -> str:
    if case.entry.cause.type == "writeoff.reverse":
        return ", because the write-off was taken back; it is void at once"
    return ", in exactly the reverse order of use, to the grants it came from"


def _gone(case: Case) -> str:
    """Why an expiry or a void took credit away."""
    entry = case.entry
    if entry.cause.type == EXPIRY_TYPE:
        return "expired, all that was left and not held when the grant's time was over"
    if entry.cause.type == "credit.void":
        return "voided, all that was left of the grant and not held"
    if entry.cause.type == "writeoff.reverse":
        return "voided: credit of a write-off never becomes spendable"
    if entry.cause.type in _ENDS_A_HOLD:
        return "voided at once, because the grant that the hold had reserved it of was void"
    gone = "had expired" if entry.kind is Kind.EXPIRY else "was void"
    return f"went at once, because the grant it came back to {gone}"
