"""The kinds of broker that scrip runs on: a server of our own, and a client of it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.brokers.client import Client
from tests.brokers.on_rabbitmq import RabbitClient
from tests.brokers.on_redis import RedisClient
from tests.rabbitmq.server import RabbitMQ, programs
from worker.embedded import Valkey
from worker.embedded.process import Server

BOTH = "both"
NO_RABBITMQ = "no rabbitmq-server on this machine; on Debian: apt-get install rabbitmq-server"


@dataclass(frozen=True, slots=True)
class Kind:
    """One of them, with everything on disk before it is confirmed."""

    name: str
    server: Callable[[Path], Server]
    connect: Callable[[str], Client]


KINDS = {
    "redis": Kind("redis", Valkey, RedisClient),
    "rabbitmq": Kind("rabbitmq", RabbitMQ, RabbitClient),
}


def add_option(parser: ArgumentParser) -> None:
    """The option `--broker`; its value is for `chosen`."""
    parser.add_argument("--broker", choices=(*KINDS, BOTH), default="redis")


def chosen(parser: ArgumentParser, name: str) -> list[Kind]:
    """The kinds that are asked for; ends the program when one is not to be had."""
    kinds = list(KINDS.values()) if name == BOTH else [KINDS[name]]
    if KINDS["rabbitmq"] in kinds and programs() is None:
        parser.error(NO_RABBITMQ)
    return kinds
