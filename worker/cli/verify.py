"""`scrip verify`: hold the database to its promises."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from db.books import Snapshot, snapshot
from db.checks import CHECKS
from db.tables import accounts
from domain.books import Books, Violation
from domain.identity import AccountKey
from domain.invariants import PROMISES, violations
from worker import settings
from worker.cli.installation import database
from worker.cli.output import Json, count, out, plain, print_json, progress, table
from worker.cli.verify_journal import (
    JOURNAL_PROMISES,
    Found,
    JournalCheck,
    journal_check,
    waiting_on_intake,
)
from worker.journal import Waiting

LISTED_MAX = 1_000
"""Violations that are told one by one; all of them are counted."""

_ORPHANS = "every row belongs to an account"
_OUTBOX = "what waits to be published can be read"


class Findings:
    """What was looked at, and what is wrong with it."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.listed: list[dict[str, Any]] = []
        self.promises = promises()
        self.notes: list[str] = []
        """What was not checked, and why."""

    def look(self, books: Books) -> None:
        """Check the books of one account."""
        names = ("entries", "grants", "invoices", "receipts", "closings")
        sizes = {name: len(getattr(books, name)) for name in names}
        self.checked.update({"accounts": 1, **sizes})
        for violation in violations(books):
            self.add(violation, books.key._asdict())

    def add(self, violation: Violation, about: dict[str, str]) -> None:
        """Note something that is wrong."""
        self.broken[violation.promise] += 1
        if len(self.listed) < LISTED_MAX:
            row = {"promise": violation.promise, **about}
            self.listed.append({**row, "where": violation.where, "what": violation.what})

    def add_all(self, found: Iterable[Found]) -> None:
        """Note several things, each with the account that it is about."""
        for violation, about in found:
            self.add(violation, about)

    def end(self, check: JournalCheck) -> None:
        """Take over what the journal has brought to light."""
        self.add_all(check.end())
        self.checked.update(check.checked)
        self.notes = list(check.notes())
        self.promises = _sorted([*self.promises, *JOURNAL_PROMISES])


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What was published, as `scrip publish` takes it: in order, with all repeats.",
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="The journal is only a part: what it does not explain is no violation, and "
            "accounts that lack messages are not decided again.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the promises on everything that is stored; exit code 1 when one is broken.

    From the database alone: the ledger adds up, follows its rules and its hash chain.

    With a journal also: each of its messages has one outcome, and nothing else has (I1); repeats
    had no effect (I2); deciding all of them again at the stored instants gives the same rows, byte
    for byte in the ledger (I9); every event was published, in order and without gaps, and says
    what the messages lead to (I11, I12); quarantine holds exactly the bad ones (I13). Let the
    publishers rest meanwhile: what they send after the journal ends counts as unexplained.
    """
    if partial and journal is None:
        raise typer.BadParameter("--partial says something about a journal: give --journal too")
    started = time.monotonic()
    findings = _looked_at(journal, partial=partial)
    if as_json:
        print_json(_data(findings))
    else:
        _print(findings, time.monotonic() - started)
    if findings.broken:
        raise typer.Exit(1)


def _looked_at(journal: Path | None, *, partial: bool) -> Findings:
    findings, chosen = Findings(), settings.load()
    waiting = waiting_on_intake(chosen) if journal is not None else Waiting()
    with database(chosen) as engine, snapshot(engine) as seen, ExitStack() as opened:
        check = None
        if journal is not None:
            check, wrong = opened.enter_context(
                journal_check(journal, chosen, seen, waiting, partial=partial)
            )
            findings.add_all((violation, {}) for violation in wrong)
        _all_accounts(seen, findings, check)
        for violation in _across_accounts(seen, findings):
            findings.add(violation, {})
        if check is not None:
            findings.end(check)
    return findings


def _all_accounts(seen: Snapshot, findings: Findings, check: JournalCheck | None) -> None:
    with progress("{task.completed:,} of {task.total:,} accounts") as shown:
        total = seen.count(accounts)
        for books in shown.track(seen.books(), total=total, description="verifying"):
            findings.look(books)
            if check is not None:
                findings.add_all(check.look(books))


def _across_accounts(seen: Snapshot, findings: Findings) -> Iterator[Violation]:
    for name, number in seen.orphans.items():
        if number:
            yield Violation("I15", name, f"{count(number, 'row')} without an account")
    for check, number in seen.checks():
        if number:
            broken = f"{count(number, 'row')} where it does not hold that {check.words}"
            yield Violation(check.promise, "database", broken)
    for row, events in seen.unsent():
        findings.checked["outbox rows"] += 1
        if not all(map(_is_event, events.split(b"\n"))):
            yield Violation("I11", f"outbox {row}", "holds something that is no event")


def _is_event(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and {"id", "source", "type", "data"} <= event.keys()


def promises() -> list[tuple[str, str]]:
    """Every promise that is checked, in words."""
    within = [(name, str(check.__doc__).split(": ", 1)[1]) for name, check in PROMISES]
    across = [(check.promise, check.words) for check in CHECKS]
    told = [*within, *across, ("I11", _OUTBOX), ("I15", _ORPHANS)]
    return _sorted(told)


def _sorted(promises: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(promises, key=lambda row: int(row[0][1:]))


def _data(findings: Findings) -> dict[str, Any]:
    return {
        "clean": not findings.broken,
        "checked": dict(findings.checked),
        "promises": [{"promise": name, "words": words} for name, words in findings.promises],
        "notes": findings.notes,
        "broken": dict(findings.broken),
        "violations": findings.listed,
    }


def _print(findings: Findings, seconds: float) -> None:
    looked = ", ".join(f"{number:,} {name}" for name, number in findings.checked.items())
    results = {name: f"{number:,} broken" for name, number in findings.broken.items()}
    rows = ((name, words.rstrip("."), results.get(name, "ok")) for name, words in findings.promises)
    out.print(table("Promises", ("promise", "in words", "found"), rows, fold=("in words",)))
    out.print(f"\nlooked at {looked or 'an empty database'} in {seconds:.1f} s")
    for note in findings.notes:
        out.print(note)
    for row in findings.listed:
        account = " / ".join(row[name] for name in AccountKey._fields if name in row)
        out.print(plain(f"{row['promise']} {account} {row['where']}: {row['what']}"))
    total = findings.broken.total()
    if total > len(findings.listed):
        out.print(f"... and {total - len(findings.listed):,} more")
    out.print(f"verify: {count(total, 'violation')}" if total else "verify: clean")
