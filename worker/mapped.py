"""A line of another system's making becomes a message, by one of `worker/mappings.py`.

The same line gives the same message, id included, so that to publish a file again does nothing
twice (R20). What comes out has been through the codec: no line of a mapping ends in quarantine.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from domain.fields import rfc3339
from domain.money import AMOUNT_MAX, EXPONENTS
from worker.codec import Codec, Malformed
from worker.codec_json import UnreadableError, parse
from worker.codec_reasons import did_you_mean, quoted
from worker.mappings import Foreign, Read, To

_OLDEST, _NEWEST = 0, 253_402_300_799
"""Seconds since 1970 that are a year of four digits."""


class MappingError(Exception):
    """A line that is no object of the mapping; a sentence that says why, and where."""


class Mapper:
    """Makes messages for one tenant; it knows every line without an id that it has seen."""

    def __init__(
        self,
        foreign: Foreign,
        tenant: str,
        default_currency: str | None,
        units: Mapping[str, int],
        now: datetime,
    ) -> None:
        """`now` is the time of messages that say none; it is no part of what makes a repeat."""
        self._foreign, self._tenant, self._now = foreign, tenant, now
        self._default_currency, self._decimals = default_currency, {**units, **EXPONENTS}
        self._decode = Codec().decode
        self._unnamed: dict[str, int] = {}

    @property
    def unnamed(self) -> int:
        """How many lines had no id of their own."""
        return len(self._unnamed)

    def message(self, line: bytes, number: int) -> bytes:
        """The CloudEvent that a line says; its number is for the sentence.

        Raises MappingError.
        """
        try:
            said = _object(line, self._foreign.known, "")
            event = self._event(said, number)
        except MappingError as error:
            raise MappingError(f"line {number}: {error}") from None
        body = json.dumps(event, ensure_ascii=False, default=float).encode()
        decoded = self._decode(body)
        if isinstance(decoded, Malformed):
            raise MappingError(f"line {number}: as {self._foreign.type}, {decoded.reason}")
        return body

    def _event(self, said: dict[str, Any], number: int) -> dict[str, Any]:
        foreign = self._foreign
        if foreign.one_of and sum(name in said for name in foreign.one_of) != 1:
            raise MappingError(f"exactly one of {', '.join(foreign.one_of)} is required")
        currency = self._currency(said)
        placed: dict[str, Any] = {"tenant": self._tenant, "currency": currency}
        for field, value in _placed(said, foreign.known, self._decimals[currency], ""):
            if placed.setdefault(field, value) != value:
                raise MappingError(f"{field.strip('@')} is said twice, and differently")
        if foreign.total_of is not None:
            _number_and_add_up(placed, foreign.total_of)
        time = placed.pop("@time", None)
        name = placed.pop("@id", None) or self._name(placed, time, number)
        return {
            "specversion": "1.0",
            "id": name,
            "source": foreign.source,
            "type": foreign.type,
            "time": time or rfc3339(self._now),
            "data": placed,
        }

    def _currency(self, said: dict[str, Any]) -> str:
        given = said.get("currency")
        currency = _read(given, Read.CODE, "currency", 0) if given else self._default_currency
        if currency is None:
            raise MappingError(
                f"no currency, and tenant {self._tenant} has no default: say `currency` in the "
                "line, or set default_currency by a tenant.configure first"
            )
        if currency not in self._decimals:
            raise MappingError(
                f"{quoted(currency)} is no currency of ISO 4217, nor a unit of tenant "
                f"{self._tenant}: declare it by a tenant.configure first"
            )
        return str(currency)

    def _name(self, placed: dict[str, Any], time: Any, number: int) -> str:
        """From the content; two lines alike would be one message, so the second is refused."""
        content = json.dumps([placed, time], sort_keys=True, default=float)
        name = sha256(content.encode()).hexdigest()[:32]
        first = self._unnamed.setdefault(name, number)
        if first != number:
            raise MappingError(
                f"says the same as line {first}, and would count as a repeat of it: give each an "
                "`id` if both are meant, or leave one out"
            )
        return name


def _object(line: bytes, known: Mapping[str, To], where: str) -> dict[str, Any]:
    """The fields that a line says, null being the same as absent; numbers keep every digit."""
    try:
        parse(line)
    except UnreadableError as error:
        raise MappingError(str(error)) from None
    return _fields(json.loads(line, parse_float=Decimal), known, where)


def _fields(value: Any, known: Mapping[str, To], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MappingError(f"{where or 'the line'} must be a JSON object")
    prefix = f"{where}." if where else ""
    for name in value:
        if name not in known:
            hint = did_you_mean(name, known) or f"; the mapping has {', '.join(known)}"
            raise MappingError(f"{prefix}{quoted(name, 40)}: unknown field{hint}")
    said = {name: inner for name, inner in value.items() if inner is not None}
    for name, to in known.items():
        if to.required and name not in said:
            raise MappingError(f"{prefix}{name}: required")
    return said


def _placed(
    said: dict[str, Any], known: Mapping[str, To], decimals: int, prefix: str
) -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        to, where = known[name], f"{prefix}{name}"
        if to.read is Read.EMPTY and value:
            raise MappingError(f"{where}: must be empty; {to.why_empty}")
        if to.field is None:
            continue
        if to.each is not None:
            found: Any = _each(value, to.each, decimals, where)
        else:
            found = _read(value, to.read, where, decimals)
        yield to.field, found
        if to.also is not None:
            yield to.also, found


def _each(value: Any, known: Mapping[str, To], decimals: int, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise MappingError(f"{where}: must be an array")
    return [
        dict(_placed(_fields(one, known, place), known, decimals, f"{place}."))
        for place, one in ((f"{where}[{at}]", one) for at, one in enumerate(value))
    ]


def _read(value: Any, read: Read, where: str, decimals: int) -> Any:
    match read, value:
        case Read.MAJOR, int() | Decimal() if not isinstance(value, bool):
            return _minor_units(Decimal(value), where, decimals)
        case Read.NAME, str() | int() if not isinstance(value, bool):
            return str(value)
        case Read.CODE, str():
            return value.upper() if value.upper() in EXPONENTS else value
        case Read.UNIX, int() if not isinstance(value, bool) and _OLDEST <= value <= _NEWEST:
            return rfc3339(datetime.fromtimestamp(value, UTC))
        case Read.IDENTIFIER, {"type": str(), "id": str(name)}:
            return name
        case Read.IDENTIFIER, {"type": str(), "stable_name": str(name)}:
            return name
        case Read.AS_IS, _:
            return value
    raise MappingError(f"{where}: must be {read.value}")


def _minor_units(amount: Decimal, where: str, decimals: int) -> int:
    """Exactly: nothing is rounded."""
    if not 0 < amount <= AMOUNT_MAX:
        raise MappingError(f"{where}: must be more than 0 and at most {AMOUNT_MAX}")
    minor = int(amount.scaleb(decimals))
    if Decimal(minor).scaleb(-decimals) != amount:
        raise MappingError(f"{where}: {amount} has more than the currency's {decimals} decimals")
    return minor


def _number_and_add_up(placed: dict[str, Any], items: str) -> None:
    """Give each item its place as its id, and the message the sum of their amounts."""
    amounts = [item["amount"] for item in placed[items]]
    if any(type(amount) is not int for amount in amounts):
        raise MappingError(f"{items}: each amount must be an integer of minor units")
    placed[items] = [{"id": str(at), **item} for at, item in enumerate(placed[items], 1)]
    placed["amount"] = sum(amounts)
