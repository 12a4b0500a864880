"""What the tables are made of: kinds of column, none of which may be null unless it says so."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    MetaData,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def word(name: str, **options: Any) -> Column[str]:
    """An id, compared byte for byte."""
    return Column(name, Text(collation="C"), **{"nullable": False, **options})


def text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, **{"nullable": False, **options})


def count(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, **{"nullable": False, **options})


def instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **{"nullable": False, **options})


def uuid(name: str, **options: Any) -> Column[Any]:
    return Column(name, Uuid(as_uuid=False), **{"nullable": False, **options})


def flag(name: str, computed: str | None = None, **options: Any) -> Column[bool]:
    derived = [Computed(computed, persisted=True)] if computed else []
    return Column(name, Boolean, *derived, **{"nullable": False, **options})


def json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSONB, **{"nullable": False, **options})


def check(name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(condition, name=name)
