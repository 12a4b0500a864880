"""`scrip events`: published events again, as they lie on the stream."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from rich.progress import Progress

from domain.books import Books
from worker import settings
from worker.cli.customers import Currency, accounts_of, reading
from worker.cli.events_chunk import Chunk
from worker.cli.events_sequence import Event, Numbering, read_event
from worker.cli.events_stream import event_stream
from worker.cli.events_words import line_of
from worker.cli.invoice import MaybeTenant
from worker.cli.output import count, err, out, plain, progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(events)


def events(
    customer: Annotated[
        str | None, typer.Option(help="Whose events, each once; without, all as they lie there.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="The event_seq to begin with.")
    ] = None,
    tenant: MaybeTenant = None,
    currency: Currency = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for new events until Ctrl-C.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the events as they are, one on each line.")
    ] = False,
) -> None:
    """Show published events; exit code 1 when some that were asked for are not there."""
    if customer is None and first is not None:
        raise typer.BadParameter("--from counts within an account: give --customer too")
    accounts: Sequence[Books] = ()
    if customer is not None:
        with reading() as connection:
            accounts = accounts_of(connection, tenant or "default", customer, currency)
    sieve = Sieve([Numbering(account, first) for account in accounts], tenant, currency)
    show = _as_it_is if as_json else _in_words(with_account=len(accounts) != 1)
    with event_stream(settings.load()) as stream:
        _scan(stream.kept(), stream.length(), sieve, show)
        sieve.end()
        if follow:
            with suppress(KeyboardInterrupt):
                for chunk in stream.coming():
                    show(sieve.chosen(chunk.events))
    if sieve.missing:
        raise typer.Exit(1)


class Sieve:
    """Lets the events through that were asked for, and says what is missing among them."""

    def __init__(
        self, numberings: Sequence[Numbering], tenant: str | None, currency: str | None
    ) -> None:
        self._numberings, self._tenant, self._currency = numberings, tenant, currency
        self._unreadable = 0
        self.missing = False

    def chosen(self, entries: Iterable[bytes]) -> list[Event]:
        """The events of some entries of the stream that were asked for."""
        return [event for raw in entries for event in self._read(raw) if self._takes(event)]

    def end(self) -> None:
        """Everything that is kept has been looked at."""
        for numbering in self._numberings:
            missing, nothing = numbering.missing_at_the_end(), numbering.nothing_new()
            if missing is not None:
                self._say(missing)
            if nothing is not None:
                err.print(plain(nothing))
        if self._unreadable:
            entries = count(self._unreadable, "entry", "entries")
            err.print(f"{entries} of the stream cannot be read as an event")

    def _read(self, raw: bytes) -> Iterator[Event]:
        if self._numberings and not any(n.may_be_in(raw) for n in self._numberings):
            return
        event = read_event(raw)
        if event is None:
            self._unreadable += 1
        else:
            yield event

    def _takes(self, event: Event) -> bool:
        if not self._numberings:
            tenant, _, currency = event.key or (None, None, None)
            return self._tenant in (None, tenant) and self._currency in (None, currency)
        for numbering in self._numberings:
            sentence = numbering.missing_before(event)
            if sentence is not None:
                self._say(sentence)
        return any(numbering.takes(event) for numbering in self._numberings)

    def _say(self, sentence: str) -> None:
        self.missing = True
        err.print(plain(sentence))


Show = Callable[[Sequence[Event]], None]


def _scan(chunks: Iterable[Chunk], total: int, sieve: Sieve, show: Show) -> None:
    with progress("{task.completed:,} of {task.total:,} events") as shown:
        task = shown.add_task("reading the stream", total=total)
        for chunk in chunks:
            found = sieve.chosen(chunk.events)
            if found:
                with _paused(shown):
                    show(found)
            shown.update(task, completed=chunk.read)


@contextmanager
def _paused(shown: Progress) -> Iterator[None]:
    """While it is drawn, a progress bar takes what is printed for itself."""
    if not err.is_terminal:
        yield
        return
    shown.stop()
    yield
    shown.start()


def _as_it_is(found: Sequence[Event]) -> None:
    for event in found:
        sys.stdout.write(event.raw.decode(errors="replace") + "\n")
    sys.stdout.flush()


def _in_words(*, with_account: bool) -> Show:
    def show(found: Sequence[Event]) -> None:
        for event in found:
            out.print(plain(line_of(event, with_account=with_account)), soft_wrap=True)

    return show
