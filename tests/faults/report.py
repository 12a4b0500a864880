"""What became of a fault run: told fault by fault, as a table, and as a column beside another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.faults.killing import Fault
from tests.faults.rig import Rig

CUT_LOG_NOT_RUN = "not run on RabbitMQ: cutting the broker's log, which is a file of Redis's own"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run on one broker."""

    faults: list[Fault]
    violations: list[str]
    published: int
    minutes: float

    def column(self) -> dict[str, str]:
        """Rows for a table of several brokers."""
        kinds = [fault.kind for fault in self.faults]
        return {
            **{f"survived: {kind}": str(kinds.count(kind)) for kind in sorted(set(kinds))},
            "faults survived": str(len(self.faults)),
            "violations": str(len(self.violations)),
            "messages published meanwhile": f"{self.published:,}",
            "minutes": f"{self.minutes:.1f}",
        }


def tell(number: int, fault: Fault) -> None:
    """One line, as soon as work went on."""
    print(
        f"{number:4} {fault.kind:32} {fault.pending:6} pending,"
        f" work went on after {fault.seconds:5.1f} s  {fault.note}",
        flush=True,
    )


def print_report(suffering: Rig, faults: Iterable[Fault], outcome: Outcome) -> None:
    """The table, the numbers of the load, and every promise that was broken."""
    table = Table("fault", "count", "pending at that instant", "work went on after, s")
    for kind in sorted({fault.kind for fault in faults}):
        pending = [fault.pending for fault in faults if fault.kind == kind]
        seconds = [fault.seconds for fault in faults if fault.kind == kind]
        table.add_row(
            kind,
            str(len(pending)),
            f"{min(pending)} to {max(pending)}",
            f"{min(seconds):.1f} to {max(seconds):.1f}",
        )
    console = Console(width=100)
    console.print(table)
    observer, publisher = suffering.observer, suffering.publisher
    console.print(
        f"{len(publisher.journal)} messages published, {publisher.errors} times not accepted;"
        f" {observer.count('receipts')} receipts, {observer.count('entries')} entries,"
        f" {observer.count('quarantine')} in quarantine; {len(suffering.subscriber.events)} events"
        f" delivered, {suffering.subscriber.repeats} of them repeats;"
        f" {suffering.unanswered_commits()} times COMMIT was not answered"
    )
    print(
        f"{len(outcome.faults)} faults survived, {len(outcome.violations)} violations,"
        f" in {outcome.minutes:.1f} minutes"
    )
    for violation in outcome.violations:
        print(f"  {violation}")
