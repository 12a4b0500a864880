"""`scrip verify`: hold the database to its promises."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from db.books import Snapshot, snapshot
from db.checks import CHECKS
from db.tables import accounts
from domain.books import Violation
from domain.identity import AccountKey
from domain.invariants import PROMISES
from worker import settings
from worker.cli.installation import database
from worker.cli.output import Json, count, out, plain, print_json, progress, table
from worker.cli.verify_findings import Findings
from worker.cli.verify_jobs import PARTS, looked_at
from worker.cli.verify_journal import (
    JOURNAL_PROMISES,
    JournalCheck,
    journal_check,
    waiting_on_intake,
)
from worker.journal import Waiting

_ORPHANS = "every row belongs to an account"
_OUTBOX = "what waits to be published can be read"

_VERIFYING, _ACCOUNTS = "verifying", "{task.completed:,} of {task.total:,} accounts"


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
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            max=PARTS,
            help="Processes that check accounts beside each other, as many as cores. Each has a "
            "connection of its own, and one account's books at a time in memory.",
        ),
    ] = 1,
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
    if jobs > 1 and journal is not None:
        raise typer.BadParameter("a journal is checked by one process: leave out --jobs")
    started = time.monotonic()
    findings = _looked_at(journal, jobs, partial=partial)
    told = promises(journal=journal is not None)
    if as_json:
        print_json(_data(findings, told))
    else:
        _print(findings, told, time.monotonic() - started)
    if findings.broken:
        raise typer.Exit(1)


def _looked_at(journal: Path | None, jobs: int, *, partial: bool) -> Findings:
    findings, chosen = Findings(), settings.load()
    waiting = waiting_on_intake(chosen) if journal is not None else Waiting()
    with database(chosen) as engine, snapshot(engine) as seen, ExitStack() as opened:
        check = None
        if journal is not None:
            check, wrong = opened.enter_context(
                journal_check(journal, chosen, seen, waiting, partial=partial)
            )
            findings.add_all((violation, {}) for violation in wrong)
        if jobs > 1:
            _in_jobs(seen, findings, jobs)
        else:
            _all_accounts(seen, findings, check)
        for violation in _across_accounts(seen, findings):
            findings.add(violation, {})
        if check is not None:
            findings.add_all(check.end())
            findings.checked.update(check.checked)
            findings.notes = list(check.notes())
    return findings


def _all_accounts(seen: Snapshot, findings: Findings, check: JournalCheck | None) -> None:
    with progress(_ACCOUNTS) as shown:
        total = seen.count(accounts)
        for books in shown.track(seen.books(), total=total, description=_VERIFYING):
            findings.look(books)
            if check is not None:
                findings.add_all(check.look(books))
    findings.orphans.update(seen.orphans)


def _in_jobs(seen: Snapshot, findings: Findings, jobs: int) -> None:
    with progress(_ACCOUNTS) as shown:
        task = shown.add_task(_VERIFYING, total=seen.count(accounts))
        for part in looked_at(seen, jobs, lambda number: shown.advance(task, number)):
            findings.take(part)


def _across_accounts(seen: Snapshot, findings: Findings) -> Iterator[Violation]:
    for name, number in findings.orphans.items():
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


def promises(*, journal: bool) -> list[tuple[str, str]]:
    """Every promise that is checked, in words."""
    within = [(name, str(check.__doc__).split(": ", 1)[1]) for name, check in PROMISES]
    across = [(check.promise, check.words) for check in CHECKS]
    told = [*within, *across, ("I11", _OUTBOX), ("I15", _ORPHANS)]
    told += JOURNAL_PROMISES if journal else ()
    return sorted(told, key=lambda row: int(row[0][1:]))


def _data(findings: Findings, told: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "clean": not findings.broken,
        "checked": dict(findings.checked),
        "promises": [{"promise": name, "words": words} for name, words in told],
        "notes": findings.notes,
        "broken": dict(findings.broken),
        "violations": findings.listed,
    }


def _print(findings: Findings, told: list[tuple[str, str]], seconds: float) -> None:
    looked = ", ".join(f"{number:,} {name}" for name, number in findings.checked.items())
    results = {name: f"{number:,} broken" for name, number in findings.broken.items()}
    rows = ((name, words.rstrip("."), results.get(name, "ok")) for name, words in told)
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
