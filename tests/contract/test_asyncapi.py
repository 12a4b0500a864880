"""The AsyncAPI document is one: by our own short check, and by the parser that tools use."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tests.contract.asyncapi_meta import META, dangling
from tests.contract.node import node_with, run_node
from tests.worker.codec_cases import FULL, event
from worker import amqp_topology, redis_broker
from worker.contract import VERSION
from worker.contract.asyncapi import asyncapi
from worker.contract.examples import examples

ROOT = Path(__file__).resolve().parents[2]
PARSER = Path(__file__).with_name("asyncapi_check.mjs")
Document = dict[str, Any]

DAMAGES: dict[str, Callable[[Document], object]] = {
    "another version": lambda document: document.update(asyncapi="9.9.9"),
    "no title": lambda document: document["info"].pop("title"),
    "no such action": lambda document: document["operations"]["take"].update(action="eat"),
    "a field that nobody knows": lambda document: document.update(more=1),
    "no such message": lambda document: document["components"]["messages"].pop("credit.grant"),
    "no such channel": lambda document: document["channels"].pop("credits.in"),
    "no such schema": lambda document: document["components"]["schemas"].pop("Amount"),
}


def remarks(document: Document) -> list[str]:
    """What our own check has to say."""
    errors = Draft202012Validator(META).iter_errors(document)
    return [error.message for error in errors] + dangling(document)


def test_the_document_is_well_formed() -> None:
    assert remarks(asyncapi()) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_our_check_finds_damage(damage: str) -> None:
    document = deepcopy(asyncapi())
    DAMAGES[damage](document)
    assert remarks(document) != []


def test_the_contract_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_the_streams_are_those_of_the_broker() -> None:
    channels = asyncapi()["channels"]
    streams = [name for name, channel in channels.items() if channel["address"] == name]
    assert streams == [redis_broker.INTAKE, redis_broker.EVENTS]


def test_the_exchanges_are_those_of_the_broker() -> None:
    channels = asyncapi()["channels"].values()
    bindings = [channel["bindings"]["amqp"] for channel in channels if "bindings" in channel]
    names = [binding["exchange"]["name"] for binding in bindings]
    assert names == [amqp_topology.EXCHANGE, amqp_topology.EVENTS]


@pytest.mark.parametrize("dialect", [Draft7Validator, Draft202012Validator])
def test_the_schemas_mean_the_same_in_the_dialect_of_asyncapi(
    dialect: type[Draft7Validator] | type[Draft202012Validator],
) -> None:
    """AsyncAPI reads draft 7, scrip writes 2020-12: only what is the same in both is used."""
    values = [example.event for example in examples()]
    values += [event(kind, **data) for kind, data, _ in FULL]
    for value in values:
        pointer = {"$ref": f"#/components/schemas/{value['type']}"}
        validator = dialect({"components": asyncapi()["components"], "allOf": [pointer]})
        assert list(validator.iter_errors(value)) == []
        assert not validator.is_valid({**value, "data": {**value["data"], "currency": 1}}) or (
            value["type"] == "message.quarantined"
        )


def parsed(document: Document, folder: Path) -> list[str]:
    """What AsyncAPI's parser has to say."""
    path = folder / "document.json"
    path.write_text(json.dumps(document))
    return run_node(PARSER, node_with("@asyncapi/parser@3"), str(path)).splitlines()


@pytest.mark.slow
def test_the_parser_of_asyncapi_understands_the_document(tmp_path: Path) -> None:
    kinds = len(asyncapi()["components"]["messages"])
    assert parsed(asyncapi(), tmp_path) == [f"understood {kinds} messages"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_the_parser_of_asyncapi_finds_damage(damage: str, tmp_path: Path) -> None:
    """So that the test above cannot pass by not looking."""
    document = deepcopy(asyncapi())
    DAMAGES[damage](document)
    assert any(line.startswith("error") for line in parsed(document, tmp_path))
