"""The parts of an account's statement, each a table under its heading."""

import json
from collections.abc import Iterator

from domain.credit import Grant
from domain.kept import is_lot_of_writeoff
from domain.ledger import Entry
from domain.vocabulary import GrantState
from worker.statement.account import (
    AccountStatement,
    Credited,
    Gone,
    Part,
    reversed_writeoffs,
)
from worker.statement.markup import Column, Content, Html, element, joined, listed, table, time

GRANTS_MAX = 500
"""More are counted and summed."""


def summary(account: AccountStatement) -> Html:
    """Available first, and why the balance is more."""
    write, currency = account.amount, account.key.currency
    held = "Held, at most" if account.is_most_held else "Held"
    parts = [(held, account.held, "reserved by holds")]
    if account.pending:
        parts.append(("Not yet effective", account.pending, "usable from a later date"))
    parts.append(("Balance", account.balance, "all of it together"))
    if account.expired:
        meant = "past its expiry, and still to be written into the ledger"
        parts.append(("Expired", account.expired, meant))
    figure = joined((write(account.available), element("small", currency)), " ")
    lead = _figure("Available", figure, "what an invoice could use", "lead")
    rest = (_figure(name, write(amount), words) for name, amount, words in parts)
    shares = _shares(account) if len(account.shares) > 1 else None
    return joined((element("dl", lead, *rest, class_="figures"), shares))


def _figure(name: str, amount: Content, words: str, kind: str | None = None) -> Html:
    told = element("dd", amount), element("dd", words, class_="words")
    return element("div", element("dt", name), *told, class_=kind)


def _shares(account: AccountStatement) -> Html:
    columns = (Column("Pays for"), Column("Category"), Column("Available", True),
               Column("Balance", True))  # fmt: skip
    rows = (
        (
            ", ".join(share.scope) or "anything",
            share.category,
            account.amount(share.available),
            account.amount(share.balance),
        )
        for share in account.shares
    )
    return table(f"By what it may pay, in {account.key.currency}", columns, rows, "shares")


def grants(account: AccountStatement) -> Html:
    """What is left, and when it expires; then what became of those with nothing left."""
    write = account.amount
    columns = (Column("Grant"), Column("Left", True), Column("Of", True), Column("Held", True),
               Column("Usable from"), Column("Expires"), Column("Category"),
               Column("Priority", True), Column("Only for"), Column("Memo"))  # fmt: skip
    rows = (
        (
            grant.grant,
            write(grant.remaining),
            write(grant.amount),
            write(grant.held) if grant.held else None,
            _begins(account, grant),
            time(grant.expires_at) if grant.expires_at else "never",
            grant.category,
            str(grant.priority),
            ", ".join(grant.scope) or None,
            _memo(account, grant.grant),
        )
        for grant in account.grants[:GRANTS_MAX]
    )
    told = f"In the order of use {account.order}. Amounts in {account.key.currency}, times in UTC."
    rest = account.grants[GRANTS_MAX:]
    if rest:
        told += f" {len(rest):,} later in that order, with {write(sum(g.remaining for g in rest))}"
        told += " left, are not listed."
    left = table(told, columns, rows, "grants") if account.grants else _nothing("Nothing is left.")
    return joined((left, _gone(account) if account.gone else None))


def _begins(account: AccountStatement, grant: Grant) -> Content:
    """Only where it is still to come, or its grant is void."""
    state = grant.state(account.at)
    if state is GrantState.PENDING and grant.effective_at is not None:
        return time(grant.effective_at)
    return state if state is GrantState.VOIDED else None


def _memo(account: AccountStatement, grant: str) -> str | None:
    details = account.details[grant]
    return " / ".join(text for text in (details.memo, details.reference_number) if text) or None


def _gone(account: AccountStatement) -> Html:
    names = ("amount", "used", "expired", "voided", "moved")
    columns = (Column("Grant"), *(Column(name.capitalize(), True) for name in names),
               Column("Memo"))  # fmt: skip
    rows = (
        (went.grant, *_amounts(account, went), _memo(account, went.grant)) for went in account.gone
    )
    return table("Grants with nothing left, the oldest first", columns, rows, "gone")


def _amounts(account: AccountStatement, went: Gone) -> Iterator[str | None]:
    return (account.amount(amount) if amount else None for amount in went[1:])


def ledger(account: AccountStatement) -> Html:
    """Every entry of the period with its running balance, the newest first; then the opening."""
    columns = (Column("Entry"), Column("When"), Column("Type"), Column("Amount", True),
               Column("Balance", True), Column("Invoice"), Column("Note"),
               Column("By"))  # fmt: skip
    told = f"The newest first. Amounts in {account.key.currency}, times in UTC."
    rows = [_entry(account, entry) for entry in reversed(account.ledger)]
    if account.left_out:
        number = f"{account.left_out:,} earlier {'entry' if account.left_out == 1 else 'entries'}"
        opening = account.amount(account.opening)
        rows.append(("Opening", None, f"{number}, left out", None, opening, None, None, None))
    return table(told, columns, rows, "ledger")


def _entry(account: AccountStatement, entry: Entry) -> tuple[Content, ...]:
    said = json.loads(entry.context) if entry.context else {}
    to = account.sent.get(entry.seq)
    note = said.get("note") or said.get("reason")
    return (
        str(entry.seq),
        time(entry.dated_at),
        entry.kind.replace("_", " ").replace("writeoff", "write-off"),
        "+" * (entry.amount > 0) + account.amount(entry.amount),
        account.amount(entry.balance),
        entry.invoice,
        ", ".join(text for text in (to and f"to {to}", note) if text) or None,
        said.get("created_by", {}).get("id"),
    )


def invoices(account: AccountStatement) -> Html:
    """What each invoice got, and from which grant."""
    write = account.amount
    columns = (Column("Invoice"), Column("Issued"), Column("Amount due", True),
               Column("Credit", True), Column("Still due", True), Column("Status"),
               Column("From"), Column("Given back"))  # fmt: skip
    rows = (
        (
            one.invoice,
            time(one.since),
            write(one.bill.amount_due) if one.bill else None,
            write(one.stands),
            write(one.bill.due) if one.bill else None,
            one.bill.status.replace("_", " ") if one.bill else None,
            *_came_and_went(account, one),
        )
        for one in account.invoices
    )
    told = f"The newest first. Amounts in {account.key.currency}."
    if account.left_out:
        told += " Those that an entry above touched."
    if account.is_past:
        told += " What was due then is not kept, so only credit is shown."
    return table(told, columns, rows, "invoices")


def _came_and_went(account: AccountStatement, one: Credited) -> tuple[Content, Content]:
    came = [_of_grant(account, part, amount) for part in one.parts if (amount := part.applied)]
    went = [_of_grant(account, part, amount) for part in one.parts if (amount := part.given_back)]
    return listed(came), listed(went)


def _of_grant(account: AccountStatement, part: Part, amount: int) -> Html:
    name = "written off" if is_lot_of_writeoff(part.grant) else part.grant
    return element("span", element("b", account.amount(amount)), f" {name}")


def writeoffs(account: AccountStatement) -> Html:
    """Shortfalls that were let off; they never touch what is available."""
    undone = reversed_writeoffs(account)
    when = {entry.seq: entry.dated_at for entry in account.ledger}
    columns = (Column("Write-off"), Column("When"), Column("Amount", True), Column("Invoice"),
               Column("Plan"), Column("Taken back"))  # fmt: skip
    rows = (
        (
            one.name,
            time(when[one.seq]),
            account.amount(one.amount),
            one.invoice,
            one.plan,
            "yes" if one.name in undone else None,
        )
        for one in account.writeoffs
    )
    stands = sum(one.amount for one in account.writeoffs if one.name not in undone)
    currency = account.key.currency
    told = f"{account.amount(stands)} {currency} is written off. Times in UTC."
    return table(told, columns, rows, "writeoffs")


def _nothing(words: str) -> Html:
    return element("p", words, class_="nothing")
