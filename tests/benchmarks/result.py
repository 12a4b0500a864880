"""What was measured, for people, for programs, and as a column beside another broker's."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.latency import Latency

PER_SECOND = 100


@dataclass
class Result:
    """Every round in the order it ran."""

    committed: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    noop: list[float] = field(default_factory=list)
    to_commit: Latency | None = None
    to_event: Latency | None = None
    verify: str = ""
    books: str = ""

    @property
    def is_right(self) -> bool:
        return (self.verify, self.books) == ("clean", "equal")

    def as_json(self) -> dict[str, Any]:
        """Medians, and each round."""
        assert self.to_commit and self.to_event
        return {
            "scrip_per_s": round(median(self.delivered)),
            "scrip_committed_per_s": round(median(self.committed)),
            "noop_per_s": round(median(self.noop)),
            "ratio": round(median(self.delivered) / median(self.noop), 1),
            "p50_ms_at_100": self.to_event.p50_ms,
            "p99_ms_at_100": self.to_event.p99_ms,
            "commit_p50_ms_at_100": self.to_commit.p50_ms,
            "commit_p99_ms_at_100": self.to_commit.p99_ms,
            "rounds_per_s": [round(rate) for rate in self.delivered],
            "noop_rounds_per_s": [round(rate) for rate in self.noop],
            "verify": self.verify,
            "books": self.books,
        }

    def column(self) -> dict[str, str]:
        """Rows for a table of several brokers."""
        assert self.to_commit and self.to_event
        return {
            **{name: _spread(rates) for name, rates in self._rates().items()},
            "ratio": str(self.as_json()["ratio"]),
            f"to the commit at {PER_SECOND}/s": self.to_commit.told(),
            f"to the event at {PER_SECOND}/s": self.to_event.told(),
            "books": self.books,
            "verify": self.verify,
        }

    def print_report(self) -> None:
        """For one broker alone."""
        assert self.to_commit and self.to_event
        table = Table("from the worker's first read", "median", "lowest to highest")
        for name, rates in self._rates().items():
            spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
            table.add_row(name, f"{median(rates):,.0f}/s", spread)
        console = Console(width=100)
        console.print(table)
        console.print(f"ratio to the one that does nothing: {self.as_json()['ratio']}")
        for name, latency in (("commit", self.to_commit), ("event", self.to_event)):
            console.print(f"at {PER_SECOND} messages/s, to the {name}: {latency.told()}")
        console.print(f"books: {self.books}; verify: {self.verify}")

    def _rates(self) -> dict[str, list[float]]:
        return {
            "scrip, messages to events delivered": self.delivered,
            "scrip, messages to books committed": self.committed,
            "a Celery worker that does nothing": self.noop,
        }


def _spread(rates: list[float]) -> str:
    return f"{median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f})"
