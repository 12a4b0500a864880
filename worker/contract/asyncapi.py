"""The AsyncAPI 3.1 document: where messages go in, where events come out, and what they look like.

Its schemas are in AsyncAPI's own dialect, which is JSON Schema draft 7; what scrip's schemas use
means the same in both, once `$defs` have become components.
"""

from typing import Any

from worker.contract import VERSION
from worker.contract.examples import Example, examples
from worker.contract.schemas import Catalogue
from worker.contract.shapes import Schema

_STREAM = "A stream of Redis or Valkey; the CloudEvent's JSON text is the entry's field `event`."
_IN = "The intake: one JSON object is one message, and counts once for its id."
_OUT = (
    "What came of it, at least once, and in order per account: `event_seq` counts from 1 without "
    "holes, so ignore what you have seen and take a jump for a loss."
)
_MEDIA = "application/cloudevents+json"


def asyncapi() -> dict[str, Any]:
    """The whole document."""
    found = Catalogue(prefix="#/components/schemas/")
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "scrip",
            "version": VERSION,
            "description": "Customer credit for billing systems: messages in, events out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _MEDIA,
        "servers": {
            "redis": {"host": "localhost:6379", "protocol": "redis"},
            "rabbitmq": {"host": "localhost:5672", "protocol": "amqp"},
        },
        "channels": _channels(list(found.accepted), list(found.published)),
        "operations": _operations(),
        "components": {
            "messages": _messages(found),
            "schemas": {**found.accepted, **found.published, **found.definitions},
        },
    }


def _channels(accepted: list[str], published: list[str]) -> dict[str, Any]:
    return {
        "credits.in": _channel("credits.in", accepted, "redis", f"{_IN} {_STREAM}"),
        "credits.events": _channel("credits.events", published, "redis", f"{_OUT} {_STREAM}"),
        "amqp.credits.in": _exchange("credits", accepted, f"{_IN} Send to the exchange."),
        "amqp.credits.events": _exchange(
            "credits.events", published, f"{_OUT} Bind a durable queue of your own to the exchange."
        ),
    }


def _channel(address: str, kinds: list[str], server: str, description: str) -> dict[str, Any]:
    return {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
    }


def _exchange(name: str, kinds: list[str], description: str) -> dict[str, Any]:
    exchange = {"name": name, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    binding = {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}
    return {
        **_channel("{type}", kinds, "rabbitmq", description),
        "parameters": {"type": {"description": "The message's type is its routing key."}},
        "bindings": {"amqp": binding},
    }


def _operations() -> dict[str, Any]:
    take, tell = "Takes a message and decides it, once for its id.", "Tells what has changed."
    actions = {
        "take": ("receive", "credits.in", take),
        "tell": ("send", "credits.events", tell),
        "takeOverAmqp": ("receive", "amqp.credits.in", take),
        "tellOverAmqp": ("send", "amqp.credits.events", tell),
    }
    return {
        name: {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
        for name, (action, channel, summary) in actions.items()
    }


def _messages(found: Catalogue) -> dict[str, Any]:
    shown = examples()
    return {
        kind: _message(kind, schema, [example for example in shown if example.kind == kind])
        for kind, schema in (found.accepted | found.published).items()
    }


def _message(kind: str, schema: Schema, shown: list[Example]) -> dict[str, Any]:
    return {
        "name": kind,
        "title": kind,
        "summary": schema["description"],
        "contentType": _MEDIA,
        "payload": {"$ref": f"#/components/schemas/{kind}"},
        "examples": [{"name": example.name, "payload": example.event} for example in shown],
    }
