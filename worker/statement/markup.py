"""Markup that escapes by itself, and that an XML parser can read too."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple

from domain.fields import rfc3339

_VOID = frozenset({"meta", "br", "path", "line", "circle"})


class Html(str):
    """Markup as it stands; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


Content = Html | str | None


def element(name: str, /, *children: Content, **attributes: str | None) -> Html:
    """`element("td", "a < b", class_="n")` is `<td class="n">a &lt; b</td>`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[Content], between: str = "") -> Html:
    """Several as one; what is None is left out."""
    return Html(
        between.join(
            child if isinstance(child, Html) else escape(_plain(child), quote=False)
            for child in children
            if child is not None
        )
    )


def _plain(text: str) -> str:
    """Without controls, and without what turns the direction of the text around it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def time(instant: datetime) -> Html:
    """An instant, in UTC and to the minute; midnight is a day."""
    shown = instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return element("time", shown, datetime=rfc3339(instant))


def listed(items: Sequence[Content]) -> Content:
    """One as it is, several as a list."""
    if len(items) > 1:
        return element("ul", *(element("li", item) for item in items))
    return items[0] if items else None


class Column(NamedTuple):
    """A column of a table; numbers stand at the right."""

    name: str
    is_number: bool = False


def table(
    caption: Content, columns: Sequence[Column], rows: Iterable[Sequence[Content]], name: str
) -> Html:
    """A table whose rows are named by their first cell; without columns that nothing stands in.

    A narrow screen shows each row as a card, for which the style sheet takes the table apart. The
    roles say what it was, because some browsers forget; the labels stand in for the header.
    """
    cells = [tuple(row) for row in rows]
    kept = [at for at in range(len(columns)) if any(row[at] for row in cells)]
    head = (
        element(
            "th", columns[at].name, scope="col", role="columnheader", class_=_class(columns[at])
        )
        for at in kept
    )
    body = (
        element("tr", *(_cell(columns[at], row[at], is_name=at == 0) for at in kept), role="row")
        for row in cells
    )
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        Html("\n"),
        element("tbody", *_lines(body), role="rowgroup"),
        role="table",
        class_=name,
    )


def _lines(rows: Iterable[Html]) -> Iterator[Html]:
    for row in rows:
        yield row
        yield Html("\n")


def _cell(column: Column, content: Content, *, is_name: bool) -> Html:
    kind, name = _class(column), column.name
    if is_name:
        header = {"scope": "row", "role": "rowheader"}
        return element("th", content, **header, class_=kind, data_label=name)
    return element("td", content, role="cell", class_=kind, data_label=name)


def _class(column: Column) -> str | None:
    return "number" if column.is_number else None
