"""From settings to working parts: the one place where adapters are chosen."""

import os
import socket
from threading import Event

from db.roles import RELAY
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import Keep
from worker.clock import SystemClock
from worker.deciders import DecidingProcesses
from worker.deciding import Deciders, OwnThread
from worker.health import Pulse
from worker.intake import Limits, Reader
from worker.observed import counted_broker, counted_store
from worker.redis_broker import RedisBroker
from worker.relay import Relay
from worker.settings import Settings, SettingsError
from worker.watched import WatchedTenure, watched
from worker.wiring_books import books, decoder, store

READER_LEASE = "reader/0"
RELAY_LEASE = "relay/0"

REDIS = ("redis", "rediss", "valkey", "valkeys")
AMQP = ("amqp", "amqps")

WiredBroker = RedisBroker | AmqpBroker


def broker(settings: Settings) -> WiredBroker:
    """The broker that the URL names; one connection, for one thread."""
    url = broker_url(settings)
    if is_amqp(url):
        return AmqpBroker(url, kept(settings))
    return RedisBroker(url, settings.events_max)


def kept(settings: Settings) -> Keep:
    """The limits of RabbitMQ's stream of events."""
    return Keep(settings.events_keep, settings.events_max)


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


def relay(settings: Settings, stop: Event, pulse: Pulse) -> Relay:
    """The relay of the outbox."""
    clock, database = SystemClock(stop), counted_store(store(settings, RELAY))
    tenure = WatchedTenure(pulse, database, clock, RELAY_LEASE, holder(), settings.lease_seconds)
    events = watched(counted_broker(broker(settings)), pulse)
    return Relay(events, database, clock, tenure, settings.events_keep)


def holder() -> str:
    """What a lease shows of its holder, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"
