"""`scrip demo` tells its story, and notices when it goes otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from worker.cli.demo import DemoError, Stage
from worker.cli.story import came_out
from worker.stack import ROOT, Process


@pytest.mark.slow
def test_the_story_comes_out_and_nothing_is_left(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "DATABASE_URL": "postgresql://nowhere/x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "-5.00 expired (short 5.00); 101.00 available" in done.stdout
    assert "What to try next" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_died_is_told_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as written:
        dead = Process("worker", {**os.environ, "PYTHONPATH": "/nowhere"}, written)
        dead.start()
        dead.signal(signal.SIGKILL)
        written.write(b"the last words\n")
    stage = Stage(None, None, {"worker": dead}, tmp_path)  # type: ignore[arg-type]
    try:
        with pytest.raises(DemoError, match=r"the worker ended with -9\n.* \| the last words"):
            stage.wait_until(lambda: False, "ever")
    finally:
        dead.stop()


def test_another_outcome_is_not_the_story() -> None:
    state = {"accounts": [{"available": 5, "ledger": []}], "outcomes": [], "quarantined": []}
    told = came_out(state, [])
    assert [sentence.split(":")[0] for sentence in told] == [
        "ledger", "available", "refused", "repeats", "quarantine", "events"
    ]  # fmt: skip
