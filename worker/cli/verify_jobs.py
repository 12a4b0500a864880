"""`scrip verify --jobs`: processes that check accounts beside each other, all in one snapshot.

Each is told one part of the accounts after the other over a socket of its own, in JSON. So the
death of one is seen at once, and none is left behind when the parent is killed. Where the database
is they learn from the environment, as the command does.
"""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from db.books import Snapshot
from domain.identity import Id128
from worker.cli.verify_findings import Findings

PARTS = 64
"""Ids of accounts are hashes, so all parts have about as many. With more parts than jobs, one very
long account keeps one job busy while the others take the rest."""

ERROR = "error"
"""What an answer has instead of findings, where a job has failed: a sentence."""

_IDS = 1 << 128

_Jobs = dict[Connection, subprocess.Popen[bytes]]


class JobError(Exception):
    """A job has ended before it was done; the message says how."""


def looked_at(seen: Snapshot, jobs: int, tell: Callable[[int], object]) -> list[Findings]:
    """The findings of all parts, in the order of account ids; raises JobError.

    `tell` hears how many accounts a part had, as soon as it is done.
    """
    left, found = iter(range(PARTS)), dict[int, Findings]()
    with _processes(jobs, seen.export()) as processes:
        ready, busy = list[Any](processes), dict[Any, int]()
        while len(found) < PARTS:
            for connection, part in zip(ready, left, strict=False):
                with suppress(OSError):  # it has died, which its answer will show
                    connection.send_bytes(json.dumps(edges(part)).encode())
                busy[connection] = part
            ready = list[Any](wait(busy))
            for connection in ready:
                part = busy.pop(connection)
                found[part] = _answer(connection, processes[connection])
                tell(found[part].checked["accounts"])
    return [found[part] for part in range(PARTS)]


def edges(part: int) -> tuple[Id128 | None, Id128 | None]:
    """The lowest id of a part and the lowest behind it; None where there is no limit."""
    first, end = (f"{number * _IDS // PARTS:032x}" for number in (part, part + 1))
    return first if part > 0 else None, end if part + 1 < PARTS else None


@contextmanager
def _processes(jobs: int, exported: str) -> Iterator[_Jobs]:
    """The jobs by their connections; on any error they are ended at once, whatever they do."""
    started: _Jobs = {}
    try:
        for _ in range(jobs):
            ours, its = socket.socketpair()
            with its:
                process = subprocess.Popen(
                    [sys.executable, "-m", "worker.cli.verify_job", str(its.fileno()), exported],
                    pass_fds=[its.fileno()],
                    stdin=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C is for their parent
                )
            started[Connection(ours.detach())] = process
        yield started
    except BaseException:
        for process in started.values():
            process.terminate()
        raise
    finally:
        for connection, process in started.items():
            connection.close()
            process.wait()


def _answer(connection: Connection, process: subprocess.Popen[bytes]) -> Findings:
    try:
        answer: dict[str, Any] = json.loads(connection.recv_bytes())
    except (EOFError, OSError) as error:
        raise JobError(_end_of(process.wait())) from error
    if ERROR in answer:
        raise JobError(answer[ERROR])
    return Findings.of(answer)


def _end_of(code: int) -> str:
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"a job has ended {how} before it was done; if memory was short, give fewer --jobs"
