"""What a person can mend is one sentence and exit code 2; what is a bug keeps its traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.ops.installation import run as python
from worker import settings
from worker.cli import main

COMMANDS = (
    *("demo", "up", "worker", "relay", "beat", "migrate"),
    *("publish", "state", "simulate", "balance", "ledger", "grants", "invoice", "events"),
    *("explain", "statement", "export", "verify", "quarantine", "doctor", "bench", "schemas"),
)


def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *argv: str) -> str:
    """What `scrip` says on stderr when it gives up."""
    monkeypatch.setattr(sys, "argv", ["scrip", *argv])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.usefixtures("run")
def test_a_missing_schema(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    for command in (("state",), ("balance", "ada"), ("verify",)):
        assert "run `scrip migrate` first" in told(capsys, monkeypatch, *command)


@pytest.mark.usefixtures("run")
def test_servers_that_are_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://scrip:secret@127.0.0.1:1/scrip")
    monkeypatch.setenv("BROKER_URL", "redis://:secret@127.0.0.1:1/0")
    for command in (("state",), ("ledger", "ada"), ("publish", __file__)):
        settings.load.cache_clear()
        sentence = told(capsys, monkeypatch, *command)
        assert sentence.startswith("scrip: ")
        assert "refused" in sentence
        assert "secret" not in sentence
        assert "Traceback" not in sentence


@pytest.mark.usefixtures("run")
def test_a_missing_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("publish", "simulate"):
        assert "No such file" in told(capsys, monkeypatch, command, "nowhere.jsonl")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["scrip", "doctor"])
    monkeypatch.setattr("worker.cli.app", lambda **_: int("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        main()


def test_help_lists_every_command(run: Run) -> None:
    listed = run("--help").stdout
    assert [name for name in COMMANDS if f" {name} " not in listed] == []


def test_bench_hands_its_options_on() -> None:
    listed = python("-m", "worker.cli", "bench", "--help")
    assert listed.returncode == 0, listed.stderr
    assert "--workload" in listed.stdout


def test_bench_without_a_checkout(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("worker.cli.bench.ROOT", tmp_path)
    done = run("bench")
    assert done.exit_code == 2
    assert "part of a checkout" in done.stderr
