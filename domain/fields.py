"""What the fields of a message may hold.

The markers say it once. The wire codec reads them when it parses, and the schemas are made from
them; nothing here knows of either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from domain.money import AMOUNT_MAX


@dataclass(frozen=True)
class Money:
    """Minor units as a JSON integer, or a string with exactly the currency's decimals."""

    at_least: int
    at_most: int = AMOUNT_MAX


@dataclass(frozen=True)
class MoneyByCurrency:
    """Amounts by currency, each as `Money` has it; in units of a tenant's own only integers."""

    at_least: int = 0
    at_most: int = AMOUNT_MAX


@dataclass(frozen=True)
class Name:
    """An id: 1 to `bytes_max` bytes of UTF-8 without control characters, compared by byte."""

    bytes_max: int = 255


@dataclass(frozen=True)
class Prose:
    """Free text for people."""

    characters_max: int = 2_000


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both included."""

    at_least: int
    at_most: int


@dataclass(frozen=True)
class Rfc3339:
    """An instant with an offset; digits after the microsecond are cut off."""


@dataclass(frozen=True)
class JsonObject:
    """Any JSON object whose compact UTF-8 text is at most `bytes_max` long."""

    bytes_max: int = 1_024


@dataclass(frozen=True)
class Creator:
    """`{type, id}`; a bare string is the id of a user."""


Amount = Annotated[int, Money(at_least=1)]
AmountOrZero = Annotated[int, Money(at_least=0)]
SignedAmount = Annotated[int, Money(at_least=-AMOUNT_MAX)]
Identifier = Annotated[str, Name()]
Text = Annotated[str, Prose()]
Instant = Annotated[datetime, Rfc3339()]
Priority = Annotated[int, Whole(0, 100)]
AmountsByCurrency = Annotated[Mapping[str, int], MoneyByCurrency()]
Seq = Annotated[int, Whole(1, 2**53)]
Seconds = Annotated[int, Whole(0, 366 * 86_400)]
Decimals = Annotated[int, Whole(0, 4)]
Metadata = Annotated[Mapping[str, Any], JsonObject()]


@lru_cache(maxsize=4_096)  # a batch has one `now`, and its messages few instants beside it
def rfc3339(instant: datetime) -> str:
    """An instant as scrip writes it: UTC, with microseconds only where there are any."""
    text = instant.astimezone(UTC).isoformat()
    return text[: -len("+00:00")] + "Z"
