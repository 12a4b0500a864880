"""The command line: `scrip`."""

import sys

import typer

from db.errors import StoreError
from worker.cli import run
from worker.embedded import ServerError
from worker.ports import BrokerError
from worker.settings import SettingsError

app = typer.Typer(
    name="scrip",
    help="Customer credit for billing systems: a message-driven worker and its ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, which are payloads
)

for module in (run,):
    module.register(app)


def main() -> None:
    """Run a command; what a person can mend is one sentence and exit code 2."""
    try:
        app()
    except (SettingsError, ServerError, StoreError, BrokerError) as error:
        print(f"scrip: {error}", file=sys.stderr)
        sys.exit(2)
