"""What messages cost: processor time by process, bytes of log and of disk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.installation import Installation
from tests.servers import with_database

TICKS = os.sysconf("SC_CLK_TCK")

SIZES = """
    SELECT coalesce(t.relname || '.', '') || c.relname, pg_relation_size(c.oid)
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
                    LEFT JOIN pg_class t ON t.oid = i.indrelid
    WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace"""

Reading = tuple[dict[str, float], dict[str, int], str]
"""Seconds, bytes, and where the log ends."""

FULL_PAGES = "SELECT sum(fpi_size)::bigint FROM pg_get_wal_stats(%s::pg_lsn, %s::pg_lsn)"


class Usage:
    """Sums over measured stretches, each from `begin` to `end`."""

    def __init__(self, on: Installation) -> None:
        self._on = on
        self.messages = 0
        self.cpu: dict[str, float] = {}
        """Seconds by process; nothing where there is no /proc."""
        self.disk: Counter[str] = Counter()
        """Bytes by table, and by index as `table.index`."""
        self.wal = 0
        self.full_pages: int | None = 0
        """Of the log's bytes; None where PostgreSQL cannot tell (before version 15)."""
        self._log = _Log(on)
        self._before: Reading = ({}, {}, "")

    def begin(self) -> None:
        """From here on."""
        self._before = self._now()

    def end(self, messages: int) -> None:
        """To here, in which so many messages were worked off."""
        (cpu, disk, lsn), (cpu_then, disk_then, lsn_then) = self._now(), self._before
        self.messages += messages
        for name, seconds in cpu.items():
            self.cpu[name] = self.cpu.get(name, 0) + seconds - cpu_then.get(name, 0)
        for name, size in disk.items():
            self.disk[name] += size - disk_then.get(name, 0)
        self.wal += self._log.between(lsn_then, lsn)
        pages = self._log.full_pages(lsn_then, lsn)
        if pages is None or self.full_pages is None:
            self.full_pages = None
        else:
            self.full_pages += pages

    def as_json(self) -> dict[str, Any]:
        """All of it by the message; what was never written to is left out."""
        each = 1 / self.messages
        disk = {name: round(size * each, 1) for name, size in self.disk.most_common() if size}
        return {
            "cpu_ms_per_message": {n: round(1_000 * s * each, 4) for n, s in self.cpu.items()},
            "wal_bytes_per_message": round(self.wal * each),
            "wal_full_page_bytes_per_message": (
                None if self.full_pages is None else round(self.full_pages * each)
            ),
            "disk_bytes_per_message": round(sum(self.disk.values()) * each),
            "disk_bytes_per_message_by_relation": disk,
        }

    def _now(self) -> Reading:
        on = self._on
        pids = {name: process.pid for name, process in on.processes.items()}
        cpu = cpu_seconds({**pids, "postgres": on.postgres.pid, "broker": on.broker.pid})
        return cpu, dict(on.observer.ask(SIZES)), self._log.end()


class _Log:
    """PostgreSQL's write-ahead log."""

    def __init__(self, on: Installation) -> None:
        # Not in scrip's own database: the extension is no part of its schema.
        url = with_database(on.servers.database_url, "postgres")
        self._ask = on.observer.ask
        self._url = url
        with psycopg.connect(url, autocommit=True) as connection, suppress(psycopg.Error):
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")

    def end(self) -> str:
        return str(self._ask("SELECT pg_current_wal_flush_lsn()::text")[0][0])

    def between(self, first: str, last: str) -> int:
        return int(self._ask("SELECT pg_wal_lsn_diff(%s, %s)", last, first)[0][0])

    def full_pages(self, first: str, last: str) -> int | None:
        """As they lie in the log, compressed."""
        with suppress(psycopg.Error), psycopg.connect(self._url) as connection:
            row = connection.execute(FULL_PAGES, (first, last)).fetchone()
            return int(row[0] or 0) if row else None
        return None


def cpu_seconds(processes: Mapping[str, int | None]) -> dict[str, float]:
    """Of each process with all its descendants, those that have ended too."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may just have ended
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            seconds[int(path.parent.name)] = sum(map(int, fields[11:15])) / TICKS
    names = {pid: name for name, pid in processes.items() if pid in parents}
    total: dict[str, float] = dict.fromkeys(names.values(), 0.0)
    for pid in parents:
        above: int | None = pid
        while above and above not in names:
            above = parents.get(above)
        if above:
            total[names[above]] += seconds[pid]
    return total
