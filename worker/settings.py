"""The settings: every one with its unit, its default and its reason. Read from the environment."""

import os
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which, and what to do."""


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="SCRIP_", frozen=True, populate_by_name=True)

    database_url: SecretStr = Field(alias="DATABASE_URL")
    """PostgreSQL 15 or newer: postgresql://user:password@host/database."""
    broker_url: SecretStr = Field(alias="BROKER_URL")
    """Redis 7.2 or Valkey 8 or newer: redis://:password@host:6379/0; or RabbitMQ 3.10 or newer:
    amqp://user:password@host:5672/virtual-host."""
    allow_unsafe_database: bool = False
    """1 starts worker and relay on a PostgreSQL that a crash can make forget; for tests alone."""
    data: Path = Path(".scrip")
    """Where `up` keeps the servers that it starts itself."""
    deciders: NonNegativeInt = 2
    """Processes of the worker that decide, each for its share of the customers; as many as cores.
    0 decides in the worker's own process, for small machines."""
    grants_at_hand: NonNegativeInt = 200_000
    """Open grants, and accounts, that each decider keeps in memory of what it wrote last, at about
    0.7 kB each, so that it need not read them again; 0 reads all of them for every batch."""
    batch_messages: PositiveInt = 2_000
    """Messages read at once, and in one transaction, at most; the deciders share them out."""
    batch_bytes: PositiveInt = 4_000_000
    """Bytes read at once at most, so that large messages do not fill the memory."""
    batch_age_ms: float = Field(default=0.0, ge=0)
    """How long a message may wait for others to come; 0 takes what has come meanwhile."""
    message_bytes: PositiveInt = 262_144
    """A larger message goes to quarantine unread."""
    ignore_types: Annotated[frozenset[str], NoDecode] = frozenset()
    """Message types to acknowledge and count only, with commas between, for shared streams."""
    signatures: Literal["off", "optional", "strict"] = "off"
    """What is asked of messages: nothing, that a signature which is there be right, or (strict)
    that each have one; SECURITY.md, Signed messages."""
    signing_keys: Path = Path("/run/secrets/scrip-signing-keys")
    """The file of the keys: JSON, {KEY: {"secret": 32 bytes or more in hex, "tenants": [...]}}."""
    lease_seconds: PositiveFloat = 3.0
    """How long a reader or relay that has died holds its place; its successor waits that long."""
    expiry_seconds: PositiveFloat = 60.0
    """Seconds between two expiry runs; nothing is ever spent because one comes late."""
    expiring_days: NonNegativeInt = 7
    """How many days before its end `grant.expiring` tells of a grant; 0 for never."""
    events_keep: timedelta = timedelta(days=7)
    """How long published events stay readable, in seconds or as ISO 8601 (P7D)."""
    events_max: PositiveInt | None = 5_000_000
    """Most events kept, whatever their age, so that the stream never fills the broker; RabbitMQ
    counts 1 kB for each."""
    watchdog_seconds: PositiveFloat = 60.0
    """A worker whose reader stands still for so long ends itself, to be started again."""
    submit_seconds: PositiveFloat = 10.0
    """How long the task `credits.submit` waits for the receipt."""
    health_port: int | None = Field(default=None, ge=1, le=65_535)
    """Where worker, relay and beat answer `/live`, `/ready` and `/metrics`; unset, nowhere."""
    health_host: str = "127.0.0.1"
    """The address that they answer on; Kubernetes asks from outside and needs 0.0.0.0."""

    log: Literal["text", "json"] = "text"
    """How worker, relay and beat write their log: for people, or one JSON object a line."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What of scrip's own lines is written; DEBUG has one for every message."""
    slow_batch_ms: PositiveFloat = 1_000.0
    """A batch that takes longer is named in the log, with the time of each of its stages."""
    traces: bool | None = None
    """1 sends traces by OTLP, 0 does not; unset, they are sent where OTEL_EXPORTER_OTLP_ENDPOINT
    is set. They need the extra `otel`."""

    @field_validator("ignore_types", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value


@lru_cache
def load() -> Settings:
    """The settings of this process; without URLs, those of a running `up` in the data folder.

    Raises SettingsError.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the environment gives them
    except ValidationError as error:
        return _of_running(error)


def without_servers() -> Settings:
    """The settings of a command that needs neither database nor broker.

    Raises SettingsError.
    """
    nowhere = SecretStr("")
    try:
        return Settings(DATABASE_URL=nowhere, BROKER_URL=nowhere)
    except ValidationError as error:
        raise SettingsError(_explained(error)) from error


def _of_running(error: ValidationError) -> Settings:
    from worker import embedded  # noqa: PLC0415 - a third of a second, which deciders do not need

    missing = {str(e["loc"][0]) for e in error.errors() if e["type"] == "missing"}
    servers = embedded.running(_data()) if missing <= {"DATABASE_URL", "BROKER_URL"} else None
    if servers is None or len(missing) < error.error_count():
        raise SettingsError(_explained(error)) from error
    given = {"DATABASE_URL": servers.database_url, "BROKER_URL": servers.broker_url}
    return Settings(**{name: url for name, url in given.items() if name in missing})  # type: ignore[arg-type]


def _data() -> Path:
    return Path(os.environ.get("SCRIP_DATA", ".scrip"))


def _explained(error: ValidationError) -> str:
    lines = []
    for found in error.errors(include_url=False, include_input=False):
        name = str(found["loc"][0])
        name = name if name.isupper() else f"SCRIP_{name.upper()}"
        if found["type"] == "missing":
            lines.append(f"{name} is not set, and no `up` keeps its data in {_data()} (SCRIP_DATA)")
        else:
            lines.append(f"{name}: {found['msg']}")
    return "\n".join(lines)
