"""Errors that a person can mend, as one sentence."""

from psycopg.errors import UndefinedTable
from sqlalchemy.exc import DBAPIError

from db.errors import StoreError
from worker.cli.demo import DemoError
from worker.cli.lines import LinesError
from worker.cli.verify_jobs import JobError
from worker.embedded import ServerError
from worker.mapped import MappingError
from worker.ports import BrokerError
from worker.settings import SettingsError

_SENTENCES = (
    SettingsError, ServerError, StoreError, BrokerError, LinesError, MappingError, DemoError,
    JobError,
)  # fmt: skip


def explained(error: Exception) -> str | None:
    """What to tell; None for a bug, which shows its traceback."""
    if isinstance(error, _SENTENCES):
        return str(error)
    if isinstance(error, DBAPIError):
        if isinstance(error.orig, UndefinedTable):
            return "the database has no schema of scrip yet: run `scrip migrate` first"
        # Further lines of a database error may quote rows, and rows are payloads.
        return f"the database: {str(error.orig).strip().splitlines()[0]}"
    return None
