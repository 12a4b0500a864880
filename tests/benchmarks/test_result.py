"""What a run says of itself."""

from __future__ import annotations

import os

import pytest

from tests.benchmarks import workload
from tests.benchmarks.latency import Pace
from tests.benchmarks.result import Result
from tests.benchmarks.usage import cpu_seconds


def _result(noop: list[float], orm: list[float]) -> Result:
    """Of one round, with a rate for each pool."""
    result = Result(verify="clean", books="equal", orm_books="equal")
    result.add((9_000, 6_000), dict(enumerate(noop, 1)), dict(enumerate(orm, 1)), 12_000)
    return result


def test_a_run_beside_a_slow_orm_worker_is_void() -> None:
    """It must reach 300/s where the one that does nothing reaches 1,200."""
    assert _result([1_200, 800], [200, 300]).is_right
    slow = _result([1_200, 800], [200, 299])
    assert "reached 299/s" in slow.void and not slow.is_right
    assert _result([1_200], []).is_right  # a broker without one


def test_ratios_are_to_the_better_pool() -> None:
    assert _result([1_200, 800], [200, 300]).ratios() == {"noop": 5, "orm": 20, "floor": 0.5}


def test_books_that_differ_are_not_right() -> None:
    result = _result([1_200], [300])
    result.orm_books = "1 messages not taken"
    assert not result.is_right


def test_a_message_is_measured_from_when_it_was_due_and_once() -> None:
    """Not from when a late publisher got round to it."""
    made = list(dict.fromkeys(workload.make(40, accounts=1).messages))
    earlier, messages = made[:5], [*made[5:20], made[0]]
    pace = Pace([*messages, *messages], 10, earlier)
    assert [due.place for due in pace.due.values()] == list(range(15))
    latency = pace.latency(dict.fromkeys(pace.due, 2.0))
    assert (latency.p50_ms, latency.p99_ms) == (1_300, 2_000)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="no /proc on this system")
def test_processor_time_is_told_by_process() -> None:
    spent = os.times()
    found = cpu_seconds({"this": os.getpid(), "nobody": None})
    assert found.keys() == {"this"}
    assert found["this"] >= spent.user + spent.system - 0.05
