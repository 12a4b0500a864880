"""The schema of every type, accepted and published: a whole CloudEvent with its data."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from domain.messages import Body
from domain.verbs import VERBS
from worker.codec import Envelope
from worker.contract.amounts import any_currency, currencies, decimals_rules
from worker.contract.events import EVENTS, Event
from worker.contract.shapes import Schema, Shapes, described

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _any_case(text: str) -> str:
    """A pattern for a media type in capitals or not; flags would not be JSON Schema."""
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in text)


_OTHERS: dict[str, Schema] = {
    "datacontenttype": {
        "description": "The media type of data; null is the same as absent.",
        "type": ["string", "null"],
        "pattern": rf"^\s*({_any_case('application/json')}|[^;]*\+{_any_case('json')})\s*(;|$)",
    },
    "data_base64": {"description": "Not supported: data is a JSON object.", "type": "null"},
}
"""CloudEvents attributes that are looked at, beside those that every message has."""

_EXTENSION: Schema = {"type": ["string", "integer", "boolean", "null"]}


@dataclass
class Catalogue:
    """All schemas, with the definitions that they refer to under `prefix`."""

    prefix: str = "#/$defs/"
    accepted: dict[str, Schema] = field(default_factory=dict)
    published: dict[str, Schema] = field(default_factory=dict)
    definitions: dict[str, Schema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = currencies()
        taken = Shapes(closed=True, prefix=self.prefix, definitions=self.definitions)
        told = Shapes(closed=False, prefix=self.prefix, definitions=self.definitions)
        for kind, (body, _) in VERBS.items():
            self.accepted[kind] = self._message(kind, body, taken)
        for kind, data in EVENTS.items():
            self.published[kind] = _event(kind, data, told)

    def _message(self, kind: str, body: type[Body], shapes: Shapes) -> Schema:
        data = shapes.whole(body)
        data["properties"]["currency"] = any_currency(self.prefix)
        rules = decimals_rules(body, self.prefix)
        envelope = shapes.whole(Envelope)
        own = {"type": {"const": kind}, "data": data | ({"allOf": rules} if rules else {})}
        members = {**envelope["properties"], **own, **_OTHERS}
        return {
            "title": kind,
            **envelope,
            "description": described(body),
            "properties": members,
            "additionalProperties": _EXTENSION,
        }


def _event(kind: str, data: type, shapes: Shapes) -> Schema:
    envelope = shapes.whole(Event)
    own = {"type": {"const": kind}, "data": shapes.whole(data)}
    return {
        "title": kind,
        **envelope,
        "description": described(data),
        "properties": {**envelope["properties"], **own},
    }


@cache
def catalogue() -> Catalogue:
    """The schemas with their definitions in `$defs`."""
    return Catalogue()


def document(kind: str) -> Schema:
    """The schema of one type, complete in itself."""
    found = catalogue()
    schema = (found.accepted | found.published)[kind]
    needed: dict[str, Schema] = {}
    _collect(schema, found, needed)
    parts = {name: shape for name, shape in found.definitions.items() if name in needed}
    return {"$schema": DIALECT, **schema, **({"$defs": parts} if parts else {})}


def documents() -> dict[str, Schema]:
    """Every type's own schema, the accepted ones first."""
    return {kind: document(kind) for kind in (*VERBS, *EVENTS)}


def _collect(shape: Any, found: Catalogue, needed: dict[str, Schema]) -> None:
    """Add every definition that the schema refers to, and those that they refer to."""
    if isinstance(shape, list):
        for each in shape:
            _collect(each, found, needed)
    elif isinstance(shape, dict):
        name = str(shape.get("$ref", "")).removeprefix(found.prefix)
        if name and name not in needed:
            needed[name] = found.definitions[name]
            _collect(needed[name], found, needed)
        for each in shape.values():
            _collect(each, found, needed)
