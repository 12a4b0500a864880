"""What `scrip verify` has found; the findings of parts make up those of the whole."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from db.books import Snapshot
from domain.books import Books, Violation
from domain.identity import Id128
from domain.invariants import violations

LISTED_MAX = 1_000
"""Violations that are told one by one; all of them are counted."""

Found = tuple[Violation, dict[str, str]]
"""What is wrong, and on which account."""


class Findings:
    """What was looked at, and what is wrong with it."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.listed: list[dict[str, Any]] = []
        self.orphans: Counter[str] = Counter()
        """Rows without an account, by table."""
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

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Findings":
        """From what `as_data` gave."""
        findings = cls()
        findings.checked.update(data["checked"])
        findings.broken.update(data["broken"])
        findings.orphans.update(data["orphans"])
        findings.listed += data["listed"]
        return findings

    def as_data(self) -> dict[str, Any]:
        """All but the notes, as JSON has it."""
        return {
            "checked": self.checked,
            "broken": self.broken,
            "orphans": self.orphans,
            "listed": self.listed,
        }

    def take(self, part: "Findings") -> None:
        """Add those of the accounts that come next."""
        self.checked.update(part.checked)
        self.broken.update(part.broken)
        self.listed += part.listed[: LISTED_MAX - len(self.listed)]
        self.orphans.update(part.orphans)


def findings_of(seen: Snapshot, first: Id128 | None, end: Id128 | None) -> Findings:
    """Of the accounts whose ids are at least `first`, and lower than `end`."""
    findings = Findings()
    for books in seen.books(first, end):
        findings.look(books)
    findings.orphans.update(seen.orphans)
    return findings
