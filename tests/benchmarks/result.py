"""What was measured and whether it counts; for programs, and as a column beside another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.benchmarks.latency import Latency

PER_SECOND = 100
ORM_SHARE_MIN = 300 / 1_200
"""Of the worker that does nothing: below it, the ORM worker is no fair rival."""

Pools = dict[int, list[float]]
"""Rates of Celery workers, by the pool's processes."""


@dataclass(frozen=True, slots=True)
class Paced:
    """Latency at a share of the measured maximum."""

    per_second: int
    latency: Latency


@dataclass
class Result:
    """Every round in the order it ran."""

    committed: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    noop: Pools = field(default_factory=dict)
    orm: Pools = field(default_factory=dict)
    """Empty where there is none."""
    floor: list[float] = field(default_factory=list)
    to_commit: Latency | None = None
    to_event: Latency | None = None
    paced: dict[int, Paced] = field(default_factory=dict)
    """By percent of the maximum."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    verify: str = ""
    books: str = ""
    orm_books: str = ""

    def add(
        self,
        scrip: tuple[float, float],
        noop: dict[int, float],
        orm: dict[int, float],
        floor: float,
    ) -> None:
        """One round."""
        self.committed.append(scrip[0])
        self.delivered.append(scrip[1])
        for pools, rates in ((self.noop, noop), (self.orm, orm)):
            for pool, rate in rates.items():
                pools.setdefault(pool, []).append(rate)
        self.floor.append(floor)

    @property
    def void(self) -> str:
        """Why this run proves nothing, if so."""
        if not self.orm:
            return ""
        least, orm = ORM_SHARE_MIN * median(better(self.noop)), median(better(self.orm))
        if orm >= least:
            return ""
        return (
            f"void: the ORM worker reached {orm:,.0f}/s, and beside this no-op worker a fair one"
            f" reaches {least:,.0f}/s"
        )

    @property
    def is_right(self) -> bool:
        books = (self.verify, self.books, self.orm_books or "equal")
        return books == ("clean", "equal", "equal") and not self.void

    def ratios(self) -> dict[str, float]:
        """Of scrip's median to the medians of the others."""
        scrip, rates = median(self.delivered), self.rates()
        return {name: round(scrip / median(rates[name]), 2) for name in RIVALS if name in rates}

    def rates(self) -> dict[str, list[float]]:
        """The rounds of each, with the better pool of those that have pools."""
        rates = {"scrip": self.delivered, "scrip_committed": self.committed}
        rates["noop"] = better(self.noop)
        if self.orm:
            rates["orm"] = better(self.orm)
        return rates | {"floor": self.floor}

    def as_json(self) -> dict[str, Any]:
        """Medians, each round, and what they cost."""
        assert self.to_commit and self.to_event
        rates = self.rates()
        found: dict[str, Any] = {"orm_per_s": None}
        found |= {f"{name}_per_s": round(median(rounds)) for name, rounds in rates.items()}
        found |= {f"ratio_to_{name}": ratio for name, ratio in self.ratios().items()}
        found |= {
            "p50_ms_at_100": self.to_event.p50_ms,
            "p99_ms_at_100": self.to_event.p99_ms,
            "commit_p50_ms_at_100": self.to_commit.p50_ms,
            "commit_p99_ms_at_100": self.to_commit.p99_ms,
        }
        for percent, paced in self.paced.items():
            at = "half" if percent == 50 else f"{percent}_percent"
            found[f"per_s_at_{at}"] = paced.per_second
            found[f"p50_ms_at_{at}"] = paced.latency.p50_ms
            found[f"p99_ms_at_{at}"] = paced.latency.p99_ms
        return {
            **found,
            **self.usage,
            "rounds_per_s": {name: [round(r) for r in rounds] for name, rounds in rates.items()},
            "pool_of": {"noop": best(self.noop), "orm": best(self.orm)},
            "verify": self.verify,
            "books": self.books,
            "orm_books": self.orm_books or None,
            "void": self.void or None,
        }

    def column(self) -> dict[str, str]:
        """Rows for a table of several brokers."""
        assert self.to_commit and self.to_event
        rates, ratios = self.rates(), self.ratios()
        paced = {
            f"to the event at {percent}%": f"{paced.latency.told()} ({paced.per_second:,}/s)"
            for percent, paced in self.paced.items()
        }
        return {
            **{TOLD[name]: spread(rounds) for name, rounds in rates.items()},
            **{f"ratio to {name}": str(ratio) for name, ratio in ratios.items()},
            f"to the commit at {PER_SECOND}/s": self.to_commit.told(),
            f"to the event at {PER_SECOND}/s": self.to_event.told(),
            **paced,
            "processor ms a message": f"{sum(self.usage['cpu_ms_per_message'].values()):.3f}",
            "log bytes a message": f"{self.usage['wal_bytes_per_message']:,}",
            "disk bytes a message": f"{self.usage['disk_bytes_per_message']:,}",
            "books": self.books,
            "verify": self.verify,
        }


RIVALS = ("noop", "orm", "floor")
TOLD = {
    "scrip": "scrip, messages to events delivered",
    "scrip_committed": "scrip, messages to books committed",
    "noop": "a Celery worker that does nothing",
    "orm": "a Celery worker with an ORM",
    "floor": "the database alone, scrip's rows",
}


def best(pools: Pools) -> int | None:
    """How many processes do best."""
    return max(pools, key=lambda pool: median(pools[pool]), default=None)


def better(pools: Pools) -> list[float]:
    """The rounds of the pool that does best."""
    pool = best(pools)
    return [] if pool is None else pools[pool]


def spread(rates: list[float]) -> str:
    """The median, and the lowest and highest."""
    return f"{median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f})"
