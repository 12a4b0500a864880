"""Deciders that are processes of their own, so that all cores of a machine can decide.

Each is `python -m worker.decider`, a child that ends with its parent however the parent ends. The
two speak over a socket of their own in frames of Python's `marshal`: plain values only, between two
processes of the same interpreter, and nothing from outside is ever loaded with it.
"""

import marshal
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from db.errors import LeaseLost, OutcomeUnknown, Transient
from db.values import Lease
from worker import notes
from worker.log import log
from worker.ports import BrokerError, Delivery

Frame = tuple[int, tuple[str, int] | None, list[tuple[bytes | str | None, ...]]]
"""A batch on its way to a decider: its generation, its lease and its deliveries."""

DEATHS_MAX = 5
"""Deciders that may end in a row without having settled anything; then the worker ends too."""

READY, SETTLED, SKIPPED = "ready", "settled", "skipped"
"""What a decider says, first and then to each batch, beside the names of the errors below."""

ERRORS = {error.__name__: error for error in (Transient, OutcomeUnknown, LeaseLost, BrokerError)}


class DecidersDieError(Exception):
    """Deciders end as soon as they have begun: nothing can be decided here."""


class _Decider:
    """One child, and how many batches it has not answered."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        with its:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "worker.decider", str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self.connection = Connection(ours.detach())
        self.unanswered = 1
        """It says by itself when it is ready."""

    def end(self) -> int:
        """Close the connection, which the child takes as its end; returns its exit code."""
        self.connection.close()
        return self._popen.wait()


class DecidingProcesses:
    """Implements `worker.deciding.Deciders`. Not for two threads at once."""

    def __init__(self, count: int) -> None:
        """Returns when all are ready; raises Transient when one has ended before."""
        self.count = count
        self._generation = 0
        self._deaths = 0
        # All at once, and before a lease is asked for: no message waits for Python to begin.
        self._deciders: list[_Decider | None] = [_Decider() for _ in range(count)]
        for number in range(count):
            self._answer(number)

    def give(self, to: int, deliveries: Sequence[Delivery], lease: Lease | None) -> None:
        """See Deciders; starts a decider again that has ended."""
        decider = self._deciders[to]
        if decider is None:
            decider = self._deciders[to] = _Decider()
            self._answer(to)
        fence = (lease.name, lease.epoch) if lease else None
        frame: Frame = (self._generation, fence, [tuple(one) for one in deliveries])
        try:
            decider.connection.send_bytes(marshal.dumps(frame))
        except OSError:
            self._bury(to)
        decider.unanswered += 1

    def settled(self) -> tuple[int, int]:
        """See Deciders."""
        busy = {d.connection: n for n, d in enumerate(self._deciders) if d and d.unanswered}
        number = busy[wait(busy)[0]]  # type: ignore[index]
        answer, said = self._answer(number)
        if answer in ERRORS:
            raise ERRORS[answer](said)
        self._deaths = 0
        return number, said

    def forget(self) -> None:
        """See Deciders. One that has failed skips the rest; the others finish what they have."""
        for number, decider in enumerate(self._deciders):
            while decider is not None and decider.unanswered:
                try:
                    self._answer(number)
                except Transient:
                    break
        self._generation += 1

    def stop(self) -> None:
        """See Deciders."""
        self.forget()
        for decider in self._deciders:
            if decider is not None:
                decider.end()
        self._deciders = [None] * self.count

    def _answer(self, number: int) -> tuple[str, Any]:
        """The answer to a decider's oldest batch, its notes taken. Raises Transient."""
        decider = self._deciders[number]
        assert decider is not None, "only who was given something answers"
        try:
            answer, said, noted = marshal.loads(decider.connection.recv_bytes())  # noqa: S302
        except (EOFError, OSError):
            self._bury(number)
        decider.unanswered -= 1
        notes.take(noted)
        return answer, said

    def _bury(self, number: int) -> NoReturn:
        """Whether what it had is settled is unknown, which receipts will tell."""
        decider = self._deciders[number]
        assert decider is not None, "only who has lived dies"
        self._deciders[number] = None
        code = decider.end()
        self._deaths += 1
        log.error("a decider has ended", exit_code=code, in_a_row=self._deaths)
        if self._deaths > DEATHS_MAX:
            raise DecidersDieError(f"{self._deaths} deciders have ended, the last with {code}")
        raise Transient(f"a decider has ended with exit code {code}")
