"""What a batch changes in the metrics, as plain values.

A decider has no port of its own that anybody could ask, so it hands its notes to the reader's
process, which tells them with its own.
"""

import time
from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from worker import metrics

Note = tuple[str, tuple[str, ...], float]
"""The metric's name in worker/metrics.py, its labels, and by how much it rises or what is seen."""


def take(notes: Iterable[Note]) -> None:
    """Put notes into this process's metrics."""
    for name, labels, number in notes:
        metric = getattr(metrics, name)
        one = metric.labels(*labels) if labels else metric
        if isinstance(metric, Counter):
            one.inc(number)
        elif isinstance(metric, Histogram):
            one.observe(number)
        else:
            one.set(number)


def now(name: str) -> Note:
    """That something has happened now, in Unix time."""
    return name, (), time.time()
