"""`scrip quarantine`: look at what was set aside, send it back to the intake, or give it up."""

import getpass
from typing import Annotated

import typer
from rich.table import Table

from db import set_aside
from db.set_aside import Handling, SetAside, State
from domain.fields import rfc3339
from worker.cli.installation import broker, database
from worker.cli.output import Json, count, err, out, plain, print_json, table, when
from worker.cli.quarantine_choice import one_called, rows_beginning
from worker.cli.quarantine_raw import as_text, raw_data
from worker.cli.quarantine_redrive import redrive_all
from worker.state import Data

Reason = Annotated[str | None, typer.Option(help="Only those whose reason contains this text.")]
Digests = Annotated[
    list[str] | None, typer.Argument(help="Their digests; the first 8 hex digits or more will do.")
]
Note = Annotated[str | None, typer.Option(help="What to remember of it.")]
By = Annotated[str | None, typer.Option(help="Who does it; the system's user by default.")]

SHOWN_MAX = 2_000
"""Characters of a message that `show` prints without --full."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True)
    group.command("list")(list_)
    for command in (show, redrive, discard):
        group.command()(command)
    app.add_typer(group, name="quarantine", help="Look after messages that were set aside.")


def list_(
    state: Annotated[State, typer.Option(help="Only those in this state.")] = State.HELD,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most; not with --json.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what is in quarantine, and why; the oldest first."""
    with database() as engine, engine.connect() as connection:
        rows = set_aside.in_state(connection, state, reason, None if as_json else limit)
        number = set_aside.number_in_state(connection, state, reason)
    if as_json:
        print_json([_data(row) for row in rows])
        return
    if not rows:
        out.print(f"nothing is {state}" if reason is None else "nothing has such a reason")
        return
    out.print(_table(f"{count(number, 'message')} {state}", rows))
    if number > len(rows):
        out.print(f"{len(rows):,} of {number:,}; --limit shows more")


def show(
    name: Annotated[str, typer.Argument(help="A digest or its beginning, or a message's id.")],
    full: Annotated[bool, typer.Option("--full", help="All of a long message.")] = False,
    as_json: Json = False,
) -> None:
    """Show one message that was set aside, with its bytes."""
    with database() as engine, engine.connect() as connection:
        row = one_called(connection, name)
        raw = set_aside.raw_of(connection, row.digest)
    if as_json:
        print_json({**_data(row), **raw_data(raw)})
        return
    out.print(table("", ("", " "), _facts(row), fold=(" ",)))
    text = as_text(raw)
    out.print()
    out.print(text if full else text[:SHOWN_MAX], soft_wrap=True)
    if len(text) > SHOWN_MAX and not full:
        out.print(f"... and {len(text) - SHOWN_MAX:,} characters more: --full shows them")


def redrive(
    digests: Digests = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that is held, the oldest first.")
    ] = False,
    reason: Reason = None,
    note: Note = None,
    by: By = None,
) -> None:
    """Put messages on the intake again, behind all that waits there."""
    if bool(digests) == everything or (reason is not None and not everything):
        raise typer.BadParameter("give digests, or --all, which --reason narrows down")
    with database() as engine, broker() as intake:
        with engine.connect() as connection:
            if digests:
                chosen = [bytes.fromhex(row.digest) for row in rows_beginning(connection, digests)]
            else:
                chosen = set_aside.digests_held(connection, reason)
        sent = redrive_all(engine, intake, chosen, Handling(by or getpass.getuser(), note))
    out.print(f"{count(sent, 'message')} put on the intake again")
    if sent:
        out.print("what is still wrong is held again: `scrip quarantine list`")


def discard(
    digests: Digests = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really do it.")] = False,
    note: Note = None,
    by: By = None,
) -> None:
    """Give messages up; rows and bytes stay, and `redrive` can still send them."""
    if not digests:
        raise typer.BadParameter("give digests")
    with database() as engine:
        with engine.connect() as connection:
            rows = rows_beginning(connection, digests)
        if not yes:
            err.print(_table("These would be discarded", rows))
            err.print("--yes does it; their bytes are kept")
            raise typer.Exit(1)
        with engine.begin() as connection:
            chosen = [bytes.fromhex(row.digest) for row in rows if row.state is State.HELD]
            handling = Handling(by or getpass.getuser(), note)
            done = set_aside.settle(connection, chosen, State.DISCARDED, handling)
    out.print(f"{count(done, 'message')} discarded")
    if done < len(rows):
        err.print(f"{count(len(rows) - done, 'message')} left alone: only what is held can be")


def _data(row: SetAside) -> Data:
    return {
        **row._asdict(),
        "since": rfc3339(row.since),
        "handled_at": rfc3339(row.handled_at) if row.handled_at else None,
    }


def _table(title: str, rows: list[SetAside]) -> Table:
    cells = (
        (
            row.digest[:12],
            when(row.since),
            f"{row.size:,}",
            plain(row.message_id),
            plain(row.reason),
            _handled(row),
        )
        for row in rows
    )
    columns = ("digest", "since (UTC)", "bytes", "id", "reason", "handled")
    return table(title, columns, cells, right=("bytes",), fold=("id", "reason", "handled"))


def _handled(row: SetAside) -> str:
    """Who last did what; a message that is held in spite of it came again."""
    if row.handled_at is None:
        return ""
    again = "; held again" if row.state is State.HELD else f": {row.state}"
    note = f" ({row.note})" if row.note else ""
    return plain(f"{when(row.handled_at)} by {row.handled_by}{again}{note}")


def _facts(row: SetAside) -> list[tuple[str, str]]:
    return [
        ("digest", row.digest),
        ("id", plain(row.message_id) or "none that can be read"),
        ("state", row.state),
        ("reason", plain(row.reason)),
        ("since", rfc3339(row.since)),
        ("bytes", f"{row.size:,}"),
        *([("handled", _handled(row))] if row.handled_at else []),
    ]
