"""From settings to working parts: the one place where adapters are chosen."""

import os
import socket
from threading import Event

from db.engine import engine_for
from db.roles import RELAY, WORKER
from db.store import PostgresStore
from worker.amqp_broker import AmqpBroker
from worker.clock import SystemClock
from worker.codec import Codec, Decode
from worker.deciders import DecidingProcesses
from worker.deciding import Deciders, OwnThread
from worker.health import Pulse
from worker.intake import Limits, Reader
from worker.notes import take
from worker.observed import Take, counted_broker, counted_store, observed
from worker.ports import Store
from worker.redis_broker import RedisBroker
from worker.relay import Relay
from worker.settings import Settings, SettingsError
from worker.signatures import SignedCodec
from worker.signing_keys import keys_in
from worker.traces import traces
from worker.watched import WatchedTenure, watched

READER_LEASE = "reader/0"
RELAY_LEASE = "relay/0"

REDIS = ("redis", "rediss", "valkey", "valkeys")
AMQP = ("amqp", "amqps")

WiredBroker = RedisBroker | AmqpBroker


def store(settings: Settings, role: str = WORKER) -> PostgresStore:
    """The database, with a small pool of connections of its own that step down to the role."""
    return PostgresStore(engine_for(settings.database_url.get_secret_value(), role=role))


def broker(settings: Settings) -> WiredBroker:
    """The broker that the URL names; one connection, for one thread."""
    url = broker_url(settings)
    if is_amqp(url):
        return AmqpBroker(url)
    return RedisBroker(url, settings.events_max)


def is_amqp(url: str) -> bool:
    """Whether the URL is RabbitMQ's."""
    return url.split(":", 1)[0] in AMQP


def broker_url(settings: Settings) -> str:
    """The broker's URL as its client library understands it; raises SettingsError."""
    url = settings.broker_url.get_secret_value()
    scheme, _, rest = url.partition(":")
    if scheme not in REDIS + AMQP:
        raise SettingsError(
            f"BROKER_URL: {scheme}:// is not supported, only redis://, rediss://, amqp://, amqps://"
        )
    return f"{scheme.replace('valkey', 'redis')}:{rest}"  # a host may be called valkey, too


def codec(settings: Settings) -> Codec:
    """The codec, within the settings' limits."""
    return Codec(ignore_types=settings.ignore_types, bytes_max=settings.message_bytes)


def decoder(settings: Settings) -> Decode:
    """The codec, with an eye for signatures if it shall have one; raises SettingsError."""
    decode = codec(settings).decode
    if settings.signatures == "off":
        return decode
    keys = keys_in(settings.signing_keys)
    return SignedCodec(decode, keys, strict=settings.signatures == "strict").decode


def reader(settings: Settings, stop: Event, pulse: Pulse) -> Reader:
    """The reader of the intake, with its deciders."""
    clock, database = SystemClock(stop), counted_store(store(settings))
    limits = Limits(settings.batch_messages, settings.batch_bytes, settings.batch_age_ms / 1_000)
    tenure = WatchedTenure(pulse, database, clock, READER_LEASE, holder(), settings.lease_seconds)
    intake = watched(counted_broker(broker(settings)), pulse)
    return Reader(intake, deciders(settings), clock, tenure, limits)


def deciders(settings: Settings) -> Deciders:
    """Processes, or the reader's own thread."""
    if settings.deciders:
        return DecidingProcesses(settings.deciders)
    return OwnThread(books(settings), decoder(settings))


def books(settings: Settings, note: Take = take) -> Store:
    """The database for one who decides, each batch told to `note`, the log and traces."""
    slow_seconds = settings.slow_batch_ms / 1_000
    return observed(store(settings), slow_seconds, traces(settings), note)


def relay(settings: Settings, stop: Event, pulse: Pulse) -> Relay:
    """The relay of the outbox."""
    clock, database = SystemClock(stop), counted_store(store(settings, RELAY))
    tenure = WatchedTenure(pulse, database, clock, RELAY_LEASE, holder(), settings.lease_seconds)
    events = watched(counted_broker(broker(settings)), pulse)
    return Relay(events, database, clock, tenure, settings.events_keep)


def holder() -> str:
    """What a lease shows of its holder, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"
