"""Installations beside each other: one with much in it, and an empty one."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.drain import drain
from tests.benchmarks.growth_loads import (
    Load,
    Names,
    drawn_from,
    grow,
    opening_grants,
    ordinary,
    portions,
)
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.latency import Latency, Pace, to_event
from tests.benchmarks.memory import peaks
from tests.benchmarks.result import PER_SECOND
from tests.benchmarks.usage import Usage
from tests.brokers.kinds import KINDS
from worker import stack

REDIS = KINDS["redis"]


class Side:
    """An installation in one case."""

    def __init__(self, on: Installation) -> None:
        self.on, self._usage = on, Usage(on)
        self.rates: list[float] = []
        self._memory: dict[str, int] = {}
        self._latency: Latency | None = None

    def round(
        self, messages: list[bytes], *, counts: bool = True, behind: Sequence[bytes] = ()
    ) -> None:
        """Work them off; the worker rests while the other side is measured."""
        drained = drain(self.on, messages, self._usage if counts else None, behind)
        if counts:
            self.rates.append(drained.delivered)
        for name, peak in peaks(self.on).items():
            self._memory[name] = max(self._memory.get(name, 0), peak)
        self.on.processes["worker"].stop()

    def pace(self, messages: list[bytes], earlier: list[bytes]) -> None:
        """The time to the event at a modest pace."""
        self.on.processes["worker"].start()
        self.on.observer.wait_for_reader()
        self._latency = to_event(self.on, Pace(messages, PER_SECOND, earlier))
        self.on.processes["worker"].stop()

    def as_json(self) -> dict[str, Any]:
        """The median rate, costs by the message, and MB by process."""
        return {
            "per_s": round(median(self.rates), 1),
            "rates": [round(rate, 1) for rate in self.rates],
            "p50_p99_ms": self._latency and [self._latency.p50_ms, self._latency.p99_ms],
            "memory_mb": self._memory,
            **self._usage.as_json(),
        }


@dataclass
class Case:
    """One line of the table: what was measured, and the empty installation beside it."""

    name: str
    here: Side
    empty: Side
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """`times_slower` is the empty installation's median rate over this one's."""
        here, empty = self.here.as_json(), self.empty.as_json()
        found = {"case": self.name, "times_slower": round(empty["per_s"] / here["per_s"], 2)}
        return {**found, "note": self.note, "here": here, "empty": empty}


@dataclass
class Bench:
    """The cases one after the other. The seed makes the messages of each run new."""

    options: argparse.Namespace
    data: Path
    cases: list[Case] = field(default_factory=list)
    seed: int = field(default_factory=lambda: int(time.time()))

    @property
    def active(self) -> int:
        """Accounts that messages go to, whatever the size: each is sent two a round."""
        return int(self.options.messages) // 2

    @property
    def ordinary(self) -> Names:
        """The customers of the empty installation."""
        return ordinary(self.active)

    @contextmanager
    def pair(self, entries: int) -> Iterator[tuple[Installation, Installation]]:
        """An installation with a past of so many entries, and one with opening grants alone."""
        data, memory = self.data if entries else None, self.options.memory
        with installation(REDIS, data, memory) as big, installation(REDIS, None, memory) as low:
            for on in (big, low):
                on.processes["worker"].stop()
            grow(big.servers.database_url, portions(entries), say)
            setup = opening_grants(self.active, self.seed)
            for on in (low,) if entries else (low, big):
                Side(on).round(setup, counts=False)
            yield big, low

    def customers(self, entries: int) -> Names:
        """Who is sent messages where there is a past of so many entries."""
        pasts = portions(entries)
        return drawn_from(pasts, self.seed, self.active) if pasts else self.ordinary

    def case(
        self,
        name: str,
        big: Installation,
        empty: Installation,
        names: Names,
        accounts: int | None = None,
    ) -> None:
        """Rounds in turns, then a modest pace. The first round of each warms up: it pays for
        the pages that have not changed since the last checkpoint."""
        options, case = self.options, Case(name, Side(big), Side(empty))
        self.seed += 1
        size, paced, first = options.messages, PER_SECOND * options.seconds, not options.quick
        load = Load(size * (options.rounds + first) + paced, self.seed, accounts or self.active)
        each = [(case.here, names), (case.empty, self.ordinary)]
        for number in range(options.rounds + first):
            for side, whose in each[:: -1 if number % 2 else 1]:
                messages = load.messages(number * size, (number + 1) * size, whose)
                side.round(messages, counts=number >= first)
        for side, whose in each if paced else ():
            messages = load.messages(0, None, whose)
            side.pace(messages[-paced:], messages[:-paced])
        self.add(case)

    def add(self, case: Case) -> None:
        """Tell of it at once: a large run takes hours."""
        self.cases.append(case)
        say(f"{case.name}: {case.here.rates} beside {case.empty.rates}")

    def verify(self) -> str:
        """Every promise, on all that was loaded and all that was written behind it."""
        with installation(REDIS, self.data) as on:
            say("verifying")
            done = subprocess.run(
                [sys.executable, "-m", "worker.cli", "verify", "--jobs", "2"],
                env={**os.environ, **on.urls, "PYTHONPATH": str(stack.ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
        return "clean" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)
