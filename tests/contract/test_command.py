"""`scrip schemas`: without servers, for people and for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from domain.verbs import VERBS
from domain.vocabulary import GrantState, InvoiceStatus, Kind, Outcome, Refusal, Why
from worker.cli import app
from worker.contract.events import EVENTS
from worker.contract.files import FOLDER, SCHEMAS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["schemas", *arguments])


def test_it_lists_types_events_and_words() -> None:
    printed = run().output
    words = [word for words in (Outcome, Refusal, Kind, Why, GrantState) for word in words]
    for name in (*VERBS, *EVENTS, *words):
        assert name in printed


def test_as_json_it_prints_everything() -> None:
    printed = json.loads(run("--json").output)
    assert list(printed["messages"]) == list(VERBS)
    assert list(printed["events"]) == list(EVENTS)
    assert printed["lists"]["refusals"] == list(Refusal)
    assert printed["lists"]["invoice_statuses"] == list(InvoiceStatus)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_schema_is_printed_as_it_is_kept(arguments: list[str]) -> None:
    printed = run("invoice.created", *arguments).output
    assert printed == (SCHEMAS / "invoice.created.json").read_text()
    assert run("asyncapi").output == (FOLDER / "asyncapi.json").read_text()


def test_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    ended = run("invoice.create")
    assert ended.exit_code == 1
    assert ended.output.splitlines() == [
        "there is no schema invoice.create; did you mean invoice.created?"
    ]
    assert "lists what there is" in run("zzz").output
