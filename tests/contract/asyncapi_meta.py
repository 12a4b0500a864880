"""What an AsyncAPI 3.1 document must have, as far as ours goes; read off the specification.

For machines without Node; where there is one, AsyncAPI's own parser has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def closed(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def each(value: dict[str, Any]) -> dict[str, Any]:
    """A map from names to such values."""
    return {"type": "object", "minProperties": 1, "additionalProperties": value}


TEXT = {"type": "string", "minLength": 1}
REF = closed({"$ref": {"type": "string", "pattern": "^#/"}})
EXCHANGE = closed(
    {
        "name": TEXT,
        "type": {"enum": ["topic", "direct", "fanout", "default", "headers"]},
        "durable": {"type": "boolean"},
        "autoDelete": {"type": "boolean"},
        "vhost": TEXT,
    }
)
AMQP = closed(
    {"is": {"const": "routingKey"}, "exchange": EXCHANGE, "bindingVersion": {"const": "0.3.0"}}
)
MESSAGE = closed(
    {
        "name": TEXT,
        "title": TEXT,
        "summary": TEXT,
        "contentType": {"type": "string", "pattern": "^[a-z]+/[a-z+]+$"},
        "payload": REF,
        "examples": {
            "type": "array",
            "minItems": 1,
            "items": closed({"name": TEXT, "payload": {"type": "object"}}),
        },
    }
)
COMPONENT = {"propertyNames": {"pattern": r"^[\w.-]+$"}}
META = closed(
    {
        "asyncapi": {"const": "3.1.0"},
        "info": closed(
            {"title": TEXT, "version": TEXT}, description=TEXT, license=closed({"name": TEXT})
        ),
        "servers": each(closed({"host": TEXT, "protocol": TEXT}, description=TEXT)),
        "defaultContentType": TEXT,
        "channels": each(
            closed(
                {"address": TEXT, "messages": each(REF)},
                description=TEXT,
                servers={"type": "array", "items": REF},
                parameters=each(closed({}, description=TEXT)),
                bindings=closed({"amqp": AMQP}),
            )
        ),
        "operations": each(
            closed({"action": {"enum": ["send", "receive"]}, "channel": REF}, summary=TEXT)
        ),
        "components": closed(
            {
                "messages": {**each(MESSAGE), **COMPONENT},
                "schemas": {**each({"type": "object"}), **COMPONENT},
            }
        ),
    }
)


def dangling(document: Any) -> list[str]:
    """The references that lead nowhere."""
    return [pointer for pointer in references(document) if not leads_somewhere(document, pointer)]


def references(value: Any) -> Iterator[str]:
    """Every `$ref`, except in examples, which are data."""
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)
    elif isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for name, inner in value.items():
            if name != "examples":
                yield from references(inner)


def leads_somewhere(document: Any, pointer: str) -> bool:
    """Whether the document has something at a JSON pointer."""
    for step in pointer.removeprefix("#/").split("/"):
        if not isinstance(document, dict) or step not in document:
            return False
        document = document[step]
    return True
