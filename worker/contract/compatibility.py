"""What may not change between releases, because somebody out there relies on it.

Whatever was accepted stays accepted, and whatever is published was announced; new types, optional
fields and values at the end of a closed list are fine. Only what a schema says is compared, and a
pattern that changes counts as a break, since nobody can compute whether it is one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from worker.contract.shapes import Schema

Sentences = Iterator[str]
Broken = Iterator[tuple[str, str]]
"""Places, and what is broken there."""

_FLOORS = ("minimum", "minLength", "minItems")
_CEILINGS = ("maximum", "maxLength", "maxItems", "maxProperties")
_OPAQUE = ("pattern", "not")
_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "object", "array"})


def broken(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[str]:
    """Every promise of the released schemas that the current ones break, a sentence each."""
    told: dict[str, None] = {}  # a place may be reached on two ways: by field and by condition
    for kind, schema in released.items():
        if kind not in current:
            told[f"{kind}: the type is gone"] = None
            continue
        old, new = _expanded(schema, schema), _expanded(current[kind], current[kind])
        comparison = _Comparison(accepted=_is_closed(old["properties"]["data"]))
        for path, sentence in comparison.at(old, new, ""):
            told[f"{kind} {path.lstrip('.') or 'itself'}: {sentence}"] = None
    return list(told)


def _expanded(schema: Any, root: Schema) -> Any:
    """The schema with its definitions in place of the references; none refers to itself."""
    if isinstance(schema, list):
        return [_expanded(each, root) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _expanded(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    return {name: _expanded(each, root) for name, each in schema.items() if name != "$defs"}


def _is_closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


@dataclass(frozen=True)
class _Comparison:
    """Compares two versions of what is accepted, or of what is published.

    All that the inner schema allows, the outer one must allow: what is accepted may only widen, so
    its old schema is the inner one, and what is published may only narrow, so its new one is.
    """

    accepted: bool

    def at(self, old: Schema, new: Schema, path: str) -> Broken:
        """What is broken at a place and below it."""
        if old == new:
            return
        if "anyOf" in old or "anyOf" in new:
            yield from self._options(old, new, path)
            return
        for check in (self._types, self._values, self._bounds, self._opaque):
            yield from ((path, sentence) for sentence in check(old, new))
        yield from self._fields(old, new, path)
        yield from self._conditions(old, new, path)
        for keyword in ("items", "if", "then", "propertyNames", "additionalProperties"):
            yield from self._below(old.get(keyword), new.get(keyword), f"{path}{_step(keyword)}")

    def _in_order(self, old: Any, new: Any) -> tuple[Any, Any]:
        """Inner and outer; applied to them, it gives old and new back."""
        return (old, new) if self.accepted else (new, old)

    def _types(self, old: Schema, new: Schema) -> Sentences:
        inner, outer = self._in_order(old, new)
        extra = _types(inner) - _types(outer)
        if extra:
            yield f"{self._beyond} {' or '.join(sorted(extra))}"

    @property
    def _beyond(self) -> str:
        return "no longer takes" if self.accepted else "may now be"

    def _values(self, old: Schema, new: Schema) -> Sentences:
        was, now = _listed(old), _listed(new)
        if was is None or now is None:
            _, outer = self._in_order(was, now)
            if outer is not None:
                yield "takes fewer values" if self.accepted else "may now be any value"
            return
        gone = [value for value in was if value not in now]
        yield from (f"the value {value} is gone" for value in gone)
        if not self.accepted and not gone and now[: len(was)] != was:
            yield "a closed list is extended at its end only"

    def _bounds(self, old: Schema, new: Schema) -> Sentences:
        inner, outer = self._in_order(old, new)
        for keyword in (*_FLOORS, *_CEILINGS):
            sign = 1 if keyword in _FLOORS else -1
            if keyword not in outer:
                continue
            if keyword not in inner or sign * inner[keyword] < sign * outer[keyword]:
                was, now = old.get(keyword, "none"), new.get(keyword, "none")
                yield f"{keyword} was {was} and is {now}"

    def _opaque(self, old: Schema, new: Schema) -> Sentences:
        inner, outer = self._in_order(old, new)
        for keyword in _OPAQUE:
            if keyword in outer and outer[keyword] != inner.get(keyword):
                yield f"`{keyword}` is another, and what fitted may not fit any more"

    def _fields(self, old: Schema, new: Schema, path: str) -> Broken:
        before, after = old.get("properties", {}), new.get("properties", {})
        was, now = set(old.get("required", [])), set(new.get("required", []))
        for name in before:
            place = f"{path}.{name}"
            if name not in after:
                yield place, "the field is gone"
                continue
            yield from self.at(before[name], after[name], place)
            if self.accepted and name not in was:
                yield from _default(before[name], after[name], place)
        inner, outer = self._in_order(was, now)
        for name in sorted(outer - inner):
            if self.accepted:
                yield f"{path}.{name}", "the field is required and was not"
            elif name in after:
                yield f"{path}.{name}", "the field may be missing and was always there"

    def _conditions(self, old: Schema, new: Schema, path: str) -> Broken:
        was, now = old.get("allOf", []), new.get("allOf", [])
        for one, other in zip(was, now, strict=False):
            yield from self.at(one, other, path)
        inner, outer = self._in_order(was, now)
        if len(outer) > len(inner):
            yield path, "has other conditions"

    def _below(self, old: Any, new: Any, path: str) -> Broken:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.at(old, new, path)
            return
        inner, outer = self._in_order(old, new)
        if outer not in (None, True, inner):
            yield path, f"{self._beyond} everything that it {'did' if self.accepted else 'was'}"

    def _options(self, old: Schema, new: Schema, path: str) -> Broken:
        """Each alternative of the inner schema must fit into one of the outer schema."""
        inner, outer = (schema.get("anyOf", [schema]) for schema in self._in_order(old, new))
        for option in inner:
            if any(self._fits(option, other) for other in outer):
                continue
            alike = [other for other in outer if other.get("type") == option.get("type")]
            if len(alike) == 1:
                yield from self.at(*self._in_order(option, alike[0]), path)
            else:
                yield path, f"{self._beyond} {option.get('type', 'one of its alternatives')}"

    def _fits(self, inner: Schema, outer: Schema) -> bool:
        return next(self.at(*self._in_order(inner, outer), ""), None) is None


def _default(old: Schema, new: Schema, path: str) -> Broken:
    """Saying nothing must go on meaning the same."""
    was, now = old.get("default"), new.get("default")
    if was != now:
        yield path, f"the default was {was} and is {now}"


def _step(keyword: str) -> str:
    return {"items": "[]", "propertyNames": ".*", "additionalProperties": ".*"}.get(keyword, "")


def _types(schema: Schema) -> set[str]:
    said = schema.get("type", _TYPES)
    return {said} if isinstance(said, str) else set(said)


def _listed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
