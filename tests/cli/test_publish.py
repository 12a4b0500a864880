"""`scrip publish` puts every line on the intake, whatever it holds."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from worker.cli import publish
from worker.redis_broker import RedisBroker

BODIES = [line("credit.grant", "g1", amount=5), b"no JSON at all", b'{"id": "m2"}']


def on_the_intake(broker_url: str) -> list[bytes]:
    broker = RedisBroker(broker_url)
    try:
        return [delivery.body for delivery in broker.read(None, 10_000, 0)]
    finally:
        broker.close()


def test_lines_go_as_they_are(run: Run, write: Write, broker_url: str) -> None:
    result = run("publish", str(write([BODIES[0], b"", b"  ", *BODIES[1:]])))
    assert result.exit_code == 0
    assert result.stdout.startswith("published 3 messages in ")
    assert on_the_intake(broker_url) == BODIES


def test_compressed_and_from_standard_input(run: Run, tmp_path: Path, broker_url: str) -> None:
    text = b"\r\n".join(BODIES)  # and no end of line at the end
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(text))
    run("publish", str(packed))
    run("publish", "-", input=text)
    assert on_the_intake(broker_url) == [*BODIES, *BODIES]


def test_large_files_go_in_chunks(
    run: Run, write: Write, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "CHUNK_BYTES", 1_000)
    bodies = [b"%d" % number * 100 for number in range(300)]
    assert run("publish", str(write(bodies))).exit_code == 0
    assert on_the_intake(broker_url) == bodies


def test_wait_returns_when_the_intake_is_empty(
    run: Run, write: Write, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.cli.publish.time.sleep", lambda _: drain())
    result = run("publish", str(write(BODIES)), "--wait")
    assert "the intake is empty after" in result.stdout


def test_stopping_to_wait_tells_what_is_left(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.cli.publish.time.sleep", interrupted)
    result = run("publish", str(write(BODIES)), "--wait")
    assert result.exit_code != 0
    assert "3 messages still on the intake" in result.stderr


def test_a_damaged_file_is_told_and_what_came_before_is_there(
    run: Run, tmp_path: Path, broker_url: str
) -> None:
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(gzip.compress(b"\n".join(BODIES))[:-10])
    result = run("publish", str(damaged))
    assert "damaged" in str(result.exception)
    assert result.exit_code != 0
    assert on_the_intake(broker_url) in ([], BODIES[:2], BODIES)


def test_a_missing_file_is_one_sentence(run: Run) -> None:
    assert "No such file" in str(run("publish", "nowhere.jsonl").exception)
