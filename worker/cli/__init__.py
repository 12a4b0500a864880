"""The command line: `scrip`."""

import sys

import typer

from worker.cli import (
    bench,
    credits_list,
    customers,
    demo,
    doctor,
    events,
    explain,
    export,
    grants,
    invoice,
    ledger,
    publish,
    quarantine,
    reader,
    reconcile,
    run,
    schemas,
    statement,
    states,
    verify,
)
from worker.cli.mending import explained

app = typer.Typer(
    name="scrip",
    help="Customer credit for billing systems: a message-driven worker and its ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, which are payloads
)

for module in (
    demo,
    run,
    publish,
    states,
    customers,
    ledger,
    grants,
    credits_list,
    invoice,
    events,
    explain,
    statement,
    export,
    reconcile,
    quarantine,
    verify,
    doctor,
    reader,
    bench,
    schemas,
):
    module.register(app)


def main() -> None:
    """Run a command; what a person can mend is one sentence and exit code 2."""
    try:
        app(prog_name="scrip")
    except Exception as error:
        sentence = explained(error)
        if sentence is None:
            raise
        print(f"scrip: {sentence}", file=sys.stderr)
        sys.exit(2)
