"""From settings to adapters."""

import pytest
from pydantic import SecretStr

from worker.settings import Settings, SettingsError
from worker.wiring import broker_url


def asked(url: str) -> str:
    database = SecretStr("postgresql://x")
    return broker_url(Settings(DATABASE_URL=database, BROKER_URL=SecretStr(url)))


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("redis://:pw@valkey:6379/0", "redis://:pw@valkey:6379/0"),
        ("redis://:valkey@host/0", "redis://:valkey@host/0"),
        ("valkey://valkey:6379/0", "redis://valkey:6379/0"),
        ("valkeys://host/0", "rediss://host/0"),
        ("amqp://valkey//", "amqp://valkey//"),
    ],
)
def test_only_the_scheme_is_translated(given: str, understood: str) -> None:
    assert asked(given) == understood


def test_another_scheme_is_named_without_its_password() -> None:
    with pytest.raises(SettingsError, match="kafka:// is not supported") as refused:
        asked("kafka://user:secret@host")
    assert "secret" not in str(refused.value)
