"""Apply, for what most batches do not touch: what accounts keep, amendments and settings."""

from typing import Any, TypeVar

from psycopg import Connection

from db import rows_kept
from db.literals import plain_array, text_array
from db.queries import statement
from db.rows import settings_text
from db.sets import copy, execute
from domain.changes import Changes
from domain.identity import Id128
from domain.kept import Hold, Kept, Spent, Transfer, Writeoff

ADD_SETTINGS = statement("add_settings")
SAVE_AMENDED = statement("save_amended")
SAVE_ANNOUNCED = statement("save_announced")
SAVE_CONFIGURED = statement("save_configured")
SAVE_HOLDS = statement("save_holds")
SAVE_RETURNED = statement("save_returned")
SAVE_WRITEOFFS = statement("save_writeoffs")

_P, _T = plain_array, text_array

_OF_AMENDED = (_P, _T, _P, _P, _T, _T, _P)
_OF_CONFIGURED = (_P, _P, _P, _P, _T)
_OF_HOLDS = (_P, _T, _T, _P, _P, _P, _P)
_OF_WRITEOFFS = (_P, _T, _T, _P, _P, _T, _T, _T, _P, _P)

AnyKept = TypeVar("AnyKept", bound=Kept)


def add(connection: Connection[Any], changes: Changes) -> None:
    """Insert what never changes again."""
    transfers = (rows_kept.transfer_row(*sent) for sent in _kept(changes, Transfer))
    copy(connection, "transfers", rows_kept.TRANSFER_COLUMNS, transfers)
    amendments = map(rows_kept.amendment_row, changes.amended)
    copy(connection, "amendments", rows_kept.AMENDMENT_COLUMNS, amendments)


def update(connection: Connection[Any], changes: Changes) -> None:
    """Send the rest; the grants that were amended are there by now, new ones too."""
    if changes.kept:
        holds = [rows_kept.hold_row(*hold) for hold in _kept(changes, Hold)]
        execute(connection, SAVE_HOLDS, holds, _OF_HOLDS)
        writeoffs = [rows_kept.writeoff_row(*writeoff) for writeoff in _kept(changes, Writeoff)]
        execute(connection, SAVE_WRITEOFFS, writeoffs, _OF_WRITEOFFS)
        returned = [rows_kept.returned_row(*spent) for spent in _kept(changes, Spent)]
        execute(connection, SAVE_RETURNED, returned, (_P, _P, _P))
    if changes.amended:
        amended = sorted(rows_kept.amended_rows(changes.amended), key=lambda row: row[:2])
        execute(connection, SAVE_AMENDED, amended, _OF_AMENDED)
    execute(connection, SAVE_ANNOUNCED, sorted(changes.announced), (_P, _T))
    configured = [changes.configured[key] for key in sorted(changes.configured)]
    settings = [rows_kept.settings_row(account) for account in configured]
    execute(connection, SAVE_CONFIGURED, settings, _OF_CONFIGURED)
    if changes.tenants:
        # In key order: writers of several tenants can wait for each other, but never in a circle.
        versions = sorted((name, s.version, settings_text(s)) for name, s in changes.tenants)
        execute(connection, ADD_SETTINGS, versions, (_T, _P, _T))


def _kept(changes: Changes, kind: type[AnyKept]) -> list[tuple[Id128, AnyKept]]:
    """Those of one kind, in key order."""
    found = [
        (account_id, kept)
        for (_, account_id, _), kept in changes.kept.items()
        if isinstance(kept, kind)
    ]
    return sorted(found, key=lambda one: (one[0], one[1].name))
