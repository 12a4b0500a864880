"""The balance over time as steps: a picture, and the same numbers as a table.

A step stands at its entry's business time, or at that of the entry before it where it has an
earlier one: the balance is the ledger's, and time goes one way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.statement.account import AccountStatement, Fall
from worker.statement.axes import round_amounts, round_instants
from worker.statement.markup import Column, Html, element, table, time

STEPS_MAX = 400
"""With more, only the last of each minute is drawn, or of each hour, and so on up to years."""
_COARSER = (
    ("at the end of each minute", "%Y-%m-%d %H:%M"),
    ("at the end of each hour", "%Y-%m-%d %H"),
    ("at the end of each day", "%Y-%m-%d"),
    ("at the end of each month", "%Y-%m"),
    ("at the end of each year", "%Y"),
)
_HEIGHT, _ABOVE, _BELOW = 260, 18, 26
_YEAR = timedelta(days=366)
_WIDTH = 1000
"""In units of the picture, which is as wide as the page."""


class Step(NamedTuple):
    """The balance from an instant on, and what expired to get there."""

    at: datetime
    balance: int
    expired: int


def steps_of(ledger: Iterable[Entry]) -> tuple[list[Step], str]:
    """The steps, the oldest first, and which they are."""
    steps, at = list[Step](), datetime.min.replace(tzinfo=UTC)
    for entry in ledger:
        at = max(at, entry.dated_at.astimezone(UTC))
        steps.append(Step(at, entry.balance, -entry.amount if entry.kind is Kind.EXPIRY else 0))
    words = "after each entry"
    for coarser, shown in _COARSER:
        if len(steps) <= STEPS_MAX:
            break
        words = coarser
        steps = list(_last_of_each(steps, shown))
    return steps, words


def _last_of_each(steps: Iterable[Step], shown: str) -> Iterator[Step]:
    for _, group in groupby(steps, lambda step: step.at.strftime(shown)):
        same = list(group)
        yield same[-1]._replace(expired=sum(step.expired for step in same))


@dataclass(frozen=True, slots=True)
class Scale:
    """Between instants and amounts and places in the picture."""

    first: datetime
    last: datetime
    most: int

    def x(self, at: datetime) -> float:
        """From 0 at the left to 1 at the right."""
        return (at - self.first) / (self.last - self.first)

    def y(self, amount: int) -> float:
        """In units from the top."""
        high = _HEIGHT - _ABOVE - _BELOW
        return round(_ABOVE + high * (1 - amount / self.most), 2)


def picture(account: AccountStatement, name: str, until: datetime | None) -> Html:
    """A figure; `until` is the instant that a statement is of, where one was given."""
    steps, words = steps_of(account.ledger)
    if account.left_out:
        steps.insert(0, Step(min(steps[0].at, account.since or steps[0].at), account.opening, 0))
    first, newest = steps[0].at, steps[-1]
    end = max(newest.at, until) if until and account.is_past else newest.at
    coming = _coming(newest, account.falls, end + (end - first or _YEAR))
    if not coming:
        end += (end - first) / 30 or timedelta(minutes=1)  # so that the newest step has a width
    last = max(coming[-1].at if coming else end, first + timedelta(minutes=1))
    scale = Scale(first, last, max(1, *(step.balance for step in steps)))
    drawn = element(
        "svg",
        element("title", f"Balance in {account.key.currency} over time", id=f"{name}-title"),
        element("desc", _described(account, steps, words, coming), id=f"{name}-desc"),
        *_grid(scale, account.amount),
        _lines(scale, account.opening, steps, coming, end),
        *(_mark(scale, step, "expiry") for step in steps if step.expired),
        *(_mark(scale, step, "coming") for step in coming),
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
        height=str(_HEIGHT),
        style=f"--labels: {_longest_label(scale, account.amount)}",
    )
    numbers = element("details", element("summary", "The same in numbers"), _table(account, steps))
    return element("figure", drawn, _legend(steps, coming, words), numbers)


def _coming(newest: Step, falls: Sequence[Fall], horizon: datetime) -> list[Step]:
    """What expires next if nothing else happens, no further ahead than the past goes back."""
    found, balance = list[Step](), newest.balance
    for fall in falls:
        at = max(fall.at.astimezone(UTC), newest.at)
        if at <= horizon:
            balance -= fall.amount
            found.append(Step(at, balance, fall.amount))
    return found


def _grid(scale: Scale, amount: Callable[[int], str]) -> Iterator[Html]:
    for value in round_amounts(scale.most):
        y = f"{scale.y(value):g}"
        yield element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid")
        yield element("text", amount(value), x="-8", y=y, dy="4", text_anchor="end")
    for number, (at, label) in enumerate(round_instants(scale.first, scale.last)):
        place = scale.x(at)
        x, low = f"{place:.2%}", _HEIGHT - _BELOW
        anchor = "start" if place < 0.07 else "end" if place > 0.93 else "middle"
        yield element("line", x1=x, x2=x, y1=str(low), y2=str(low + 5), class_="tick")
        spare = "spare" if number % 2 else None  # a narrow page has no room for it
        yield element("text", label, x=x, y=str(_HEIGHT - 6), text_anchor=anchor, class_=spare)


def _longest_label(scale: Scale, amount: Callable[[int], str]) -> int:
    """How many letters the picture leaves free at its left."""
    return max(len(amount(value)) for value in round_amounts(scale.most))


def _lines(
    scale: Scale, opening: int, steps: Sequence[Step], coming: Sequence[Step], end: datetime
) -> Html:
    """The steps, which are as wide as the page is, while texts and marks keep their shape."""
    low = scale.y(0)
    past = f"M0 {scale.y(opening):g}" + _path(scale, steps) + f"H{_across(scale, end)}"
    area = element("path", d=f"{past}V{low:g}H0Z", class_="area")
    lines = [area, element("path", d=past, class_="balance")]
    if coming:
        start = f"M{_across(scale, end)} {scale.y(steps[-1].balance):g}"
        lines.append(element("path", d=start + _path(scale, coming), class_="ahead"))
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return element("svg", *lines, viewBox=box, preserveAspectRatio="none")


def _path(scale: Scale, steps: Iterable[Step]) -> str:
    return "".join(f"H{_across(scale, at)}V{scale.y(balance):g}" for at, balance, _ in steps)


def _across(scale: Scale, at: datetime) -> str:
    return f"{_WIDTH * scale.x(at):.1f}"


def _mark(scale: Scale, step: Step, kind: str) -> Html:
    x, y = f"{scale.x(step.at):.2%}", f"{scale.y(step.balance):g}"
    return element("circle", cx=x, cy=y, r="4.5", class_=kind)


def _legend(steps: Sequence[Step], coming: Sequence[Step], words: str) -> Html:
    entries = [("balance", f"balance {words}")]
    if any(step.expired for step in steps):
        entries.append(("expiry", "credit expired"))
    if coming:
        entries.append(("coming", "credit will expire, if nothing else happens"))
    shown = (element("span", text, class_=f"key {kind}") for kind, text in entries)
    return element("figcaption", *shown)


def _described(
    account: AccountStatement, steps: Sequence[Step], words: str, coming: Sequence[Step]
) -> str:
    """What the picture shows, for those who do not see it."""
    write, balances = account.amount, [step.balance for step in steps]
    first, last = (f"{step.at:%Y-%m-%d}" for step in (steps[0], steps[-1]))
    told = [
        f"The balance {words} from {first} to {last}:",
        f"between {write(min(balances))} and {write(max(balances))},",
        f"{write(balances[-1])} at the end.",
    ]
    expired = sum(step.expired for step in steps)
    if expired:
        told.append(f"{write(expired)} expired on the way.")
    if coming:
        lost = sum(step.expired for step in coming)
        told.append(f"{write(lost)} will expire by {coming[-1].at:%Y-%m-%d} if nothing uses it.")
    return " ".join(told)


def _table(account: AccountStatement, steps: Sequence[Step]) -> Html:
    columns = (Column("From (UTC)"), Column("Balance", True), Column("Expired", True))
    rows = (
        (time(at), account.amount(balance), account.amount(expired) if expired else None)
        for at, balance, expired in steps
    )
    return table(f"Amounts in {account.key.currency}, the oldest first", columns, rows, "steps")
