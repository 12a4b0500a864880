"""Commands that run things: up, worker, relay, beat, migrate."""

import os
import signal
import time
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from db.migrate import revisions, upgrade
from worker import settings, stack
from worker.cli.doctor_roles import roles_missing
from worker.processes import run_beat, run_relay, run_worker

_BROKER_URL = """export BROKER_URL=$(sed 's/.*"\\(redis:[^"]*\\)".*/\\1/' '{}/servers.json')"""
"""It has a password, so `up` says where the URL is and not what it is."""

RESTART_AFTER = 1.0
"""Seconds before `up` starts a process again that has ended itself."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, worker, relay, beat, migrate):
        app.command()(command)


def up(
    data: Annotated[
        Path, typer.Option(envvar="SCRIP_DATA", help="Where the servers' data is kept.")
    ] = Path(".scrip"),
) -> None:
    """Run everything here until Ctrl-C; servers too, unless DATABASE_URL and BROKER_URL are set."""
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    with stack.servers(data) as servers, stack.processes(servers, data) as processes:
        typer.echo(f"scrip is up. Logs are in {data}/. Ctrl-C ends it.")
        typer.echo("In another terminal: ./dev scrip publish FILE, ./dev scrip balance, ...")
        if data != Path(".scrip"):
            typer.echo(f"There, before: export SCRIP_DATA='{data}'")
        if "BROKER_URL" not in os.environ:
            typer.echo(f"For clients of your own: {_BROKER_URL.format(data)}")
        while not stop.wait(RESTART_AFTER):
            for process in processes.values():
                if process.exit_code is not None:
                    typer.echo(f"{process.name} ended with {process.exit_code}, starting again")
                    process.start()
        typer.echo("stopping")


def worker() -> None:
    """Run the Celery worker with the intake inside."""
    run_worker(settings.load())


def relay() -> None:
    """Run the relay, which publishes committed events."""
    run_relay(settings.load())


def beat() -> None:
    """Run Celery's beat, which asks for expiry runs."""
    run_beat(settings.load())


def migrate() -> None:
    """Bring the database's schema up to date."""
    url = settings.load().database_url.get_secret_value()
    before, _ = revisions(url)
    started = time.monotonic()
    missing = upgrade(url)
    after, _ = revisions(url)
    seconds = time.monotonic() - started
    typer.echo(f"revision {before or 'none'} -> {after} in {seconds:.1f} s")
    if missing:
        user = make_url(url).username or "the database's user"
        typer.echo(roles_missing(missing, user), err=True)
