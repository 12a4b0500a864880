"""Logs: one layout for everything a process says, messages by name, and no payloads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.messages import SOURCE, deduct, event, grant, invoice
from tests.end_to_end.outsider import Outsider, wait_for
from tests.ops.installation import run
from worker import stack
from worker.embedded import Servers

NOTE = "canary note 77c0"
SAYS = """
import logging, sys, warnings
from worker.log import log, set_up_logging
set_up_logging(sys.argv[1], sys.argv[2])
log.debug("decided", id="m1")
log.warning("trying again", error="no\\nanswer", messages=3)
logging.getLogger("asyncio").info("selector %s", 5)
logging.getLogger("sqlalchemy").debug("rows")
logging.getLogger("celery").info("arguments of a task")
warnings.warn("this is old")
try:
    secret = "of a local variable"
    1 / 0
except ZeroDivisionError:
    logging.getLogger("celery").exception("a task has failed")
"""


def test_json_is_one_object_a_line_whoever_speaks() -> None:
    """Tracebacks too, without the values of variables."""
    lines = [json.loads(line) for line in run("-c", SAYS, "json", "INFO").stderr.splitlines()]
    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("warning", "scrip", "trying again"),
        ("info", "asyncio", "selector 5"),
        ("warning", "py.warnings", "<string>:10: UserWarning: this is old\n"),
        ("error", "celery", "a task has failed"),
    ]
    assert (lines[0]["error"], lines[0]["messages"]) == ("no\nanswer", 3)
    assert lines[3]["exception"].endswith("ZeroDivisionError: division by zero")
    assert "local variable" not in lines[3]["exception"]
    assert all(line["time"].endswith("Z") for line in lines)


def test_text_is_for_people() -> None:
    """The instant, then what is most telling first; a value cannot begin a line of its own."""
    told = run("-c", SAYS, "text", "INFO").stderr.splitlines()
    assert [line.split(" ", 1)[1] for line in (told[0], told[1], told[4])] == [
        "WARNING scrip trying again error='no\\nanswer' messages=3",
        "INFO asyncio selector 5",
        "ERROR celery a task has failed",
    ]
    assert told[5].startswith("Traceback")


def test_debug_is_for_our_own_lines() -> None:
    """Libraries write arguments and rows at DEBUG, and those are payloads."""
    told = run("-c", SAYS, "text", "DEBUG").stderr
    assert "DEBUG scrip decided id='m1'" in told
    assert "rows" not in told
    assert "arguments of a task" not in told


def test_a_command_needs_no_layout() -> None:
    """Without any setting up, a warning is still readable."""
    told = run("-c", "from worker.log import log; log.warning('gone', id='m1')").stderr
    assert told == "gone id='m1'\n"


@pytest.fixture
def outsider(database_url: str, broker_url: str) -> Iterator[Outsider]:
    with Outsider(Servers(database_url, broker_url)) as client:
        yield client


def told(logs: Path) -> list[dict[str, Any]]:
    """What the worker has said so far, but for what Celery prints beside its log."""
    lines = (logs / "worker.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line and not line.startswith("worker: ")]


def test_a_worker_names_every_message_that_went_astray(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By source, id, type and account_id where they can be known, and never by what it says."""
    monkeypatch.setenv("SCRIP_LOG", "json")
    monkeypatch.setenv("SCRIP_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("SCRIP_SLOW_BATCH_MS", "0.001")
    outsider.database.execute("ALTER TABLE entries ADD CHECK (kind <> 'application')")
    outsider.publish(
        grant("ann", 500, message_id="g1", note=NOTE),
        grant("ann", 501, message_id="g1", note=NOTE),
        event("credit.gift", NOTE, message_id="m1"),
        deduct("ann", 10_000, message_id="d1", note=NOTE),
        invoice("ann", "i1", 5, message_id="i1", note=NOTE),
    )
    with stack.processes(outsider.servers, tmp_path, ("worker",)):
        wait_for("the messages", lambda: outsider.backlog() == 0)
        wait_for(
            "the last line", lambda: "impossible" in {line.get("kind") for line in told(tmp_path)}
        )
    assert_named(outsider, told(tmp_path))
    assert NOTE not in (tmp_path / "worker.log").read_text()


def assert_named(outsider: Outsider, lines: list[dict[str, Any]]) -> None:
    """Every line about a message has its name, in the same words."""
    ((account_id,),) = outsider.ask("SELECT replace(account_id::text, '-', '') FROM accounts")
    named = {"source": SOURCE, "account_id": account_id}

    def said(event: str) -> list[dict[str, Any]]:
        return [line for line in lines if line["event"] == event]

    grant_named = {**named, "id": "g1", "type": "credit.grant"}
    (conflict,) = said("conflict")
    assert conflict.items() >= {**grant_named, "level": "warning"}.items()
    (impossible,) = said("impossible")
    assert impossible.items() >= {**named, "id": "i1", "type": "invoice.created"}.items()
    assert said("batch split")[0].items() >= {**grant_named, "messages": 4}.items()
    assert {(line["kind"], line["id"]) for line in said("quarantined")} == {
        ("malformed", "m1"),
        ("impossible", "i1"),
    }
    digests = outsider.ask("SELECT encode(digest, 'hex') FROM quarantine")
    assert {(line["digest"],) for line in said("quarantined")} < set(digests)
    assert {line["outcome"]: line["reason"] for line in said("decided")} == {
        "applied": None,
        "refused": "insufficient_credit",
    }
    assert said("slow batch")[0]["account_id"] == account_id
    assert said("lease taken")[0].items() >= {"lease": "reader/0", "epoch": 1}.items()


def test_lines_for_every_message_are_off_by_default(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that went well is counted and not described."""
    monkeypatch.setenv("SCRIP_LOG", "json")
    with stack.processes(outsider.servers, tmp_path, ("worker",)):
        outsider.publish(grant("ann", 500))
        wait_for("the grant", lambda: outsider.ask("SELECT 1 FROM accounts WHERE balance = 500"))
        wait_for("the acknowledgement", lambda: outsider.backlog() == 0)
    ours = [line["event"] for line in told(tmp_path) if line["logger"] == "scrip"]
    assert ours == ["lease taken", "lease gone"]
