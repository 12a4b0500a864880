"""Where a picture has its lines: round amounts, and round instants."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_MONTH = timedelta(days=30)
_EVEN = [
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)),
    *(timedelta(days=days) for days in (1, 2, 7, 14)),
]
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 600)
_LINES_MAX = 5


def round_amounts(most: int) -> Iterator[int]:
    """Zero, and at most five multiples of 1, 2 or 5 times a power of ten up to `most`."""
    yield 0
    unit = next(u for u in _units() if most // u <= _LINES_MAX)
    yield from range(unit, most + 1, unit)


def _units() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def round_instants(first: datetime, last: datetime) -> list[tuple[datetime, str]]:
    """At most five between two instants, each with its label."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    for unit in _EVEN:
        if (last - first) // unit < _LINES_MAX:
            shown = "%Y-%m-%d" if unit >= timedelta(days=1) else "%m-%d %H:%M"
            return [(at, at.strftime(shown)) for at in _even(first, last, unit)]
    for months in _MONTHS:
        if (last - first) // (_MONTH * months) < _LINES_MAX:
            return [(at, _month(at, months)) for at in _monthly(first, last, months)]
    return []


def _even(first: datetime, last: datetime, unit: timedelta) -> Iterator[datetime]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    at = epoch - (epoch - first) // unit * unit
    while at <= last:
        yield at
        at += unit


def _monthly(first: datetime, last: datetime, months: int) -> Iterator[datetime]:
    number = -(-(first.year * 12 + first.month - 1) // months) * months
    while True:
        at = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        if at > last:
            return
        if at >= first:
            yield at
        number += months


def _month(at: datetime, months: int) -> str:
    return f"{at.year:04d}" if months % 12 == 0 else f"{at.year:04d}-{at.month:02d}"
