"""RabbitMQ's users of SECURITY.md: enough for their work, and nothing beyond it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from amqp import Message
from amqp.exceptions import AccessRefused, NotFound, PreconditionFailed

from tests.end_to_end.messages import grant
from tests.end_to_end.outsider import wait_for
from tests.ops.installation import free_port, run
from tests.ops.scraped import scraped
from tests.ops.security_page import block
from tests.producing import producer
from tests.rabbitmq.clients import Client, emptied
from tests.rabbitmq.server import RabbitMQ
from worker import stack
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import DEAD, EVENTS, EXCHANGE, INTAKE, KEPT, WAKE
from worker.embedded import Servers

SECRET = "s3cret"
USERS = {"worker": "scrip-worker", "relay": "scrip-relay", "beat": "scrip-beat"}
TASKS = "scrip.tasks"

Action = Callable[[Any], Any]


@pytest.fixture(scope="module")
def with_users(rabbitmq: RabbitMQ | str) -> RabbitMQ:
    """The node with the users of the page."""
    if isinstance(rabbitmq, str):
        pytest.skip("the broker is not ours to make users on")
    rabbitmq.administer(block("sh", SECRET))
    return rabbitmq


@pytest.fixture
def node(with_users: RabbitMQ) -> RabbitMQ:
    emptied(with_users.url, ["crm"])
    return with_users


@pytest.fixture
def declared(node: RabbitMQ) -> RabbitMQ:
    """Everything is there, with somebody's message on each queue."""
    with closing(AmqpBroker(node.url)) as broker, closing(Client(node.url)) as client:
        broker.read(None, 1, 0)
        broker.publish(["event"])
        for queue in (TASKS, "crm"):
            client.channel.queue_declare(queue, durable=True, auto_delete=False)
        client.channel.exchange_declare(TASKS, "direct", durable=True, auto_delete=False)
    return node


def url(node: RabbitMQ, user: str) -> str:
    return f"amqp://{user}:{SECRET}@127.0.0.1:{node.port}//"


def declare(queue: str) -> Action:
    """Who may declare a queue may also delete it; that it is there, and other, comes later."""

    def ask(channel: Any) -> None:
        with suppress(PreconditionFailed):
            channel.queue_declare(queue, durable=False)

    return ask


def make(exchange: str) -> Action:
    def ask(channel: Any) -> None:
        with suppress(PreconditionFailed):
            channel.exchange_declare(exchange, "headers")

    return ask


def write(exchange: str, key: str = "t") -> Action:
    def publish(channel: Any) -> None:
        channel.confirm_select()
        channel.basic_publish_confirm(Message(b"{}"), exchange, key)

    return publish


def consume(queue: str) -> Action:
    def begin(channel: Any) -> None:
        channel.basic_qos(0, 1, False)
        channel.basic_consume(queue)

    return begin


def bind(queue: str, exchange: str) -> Action:
    return lambda channel: channel.queue_bind(queue, exchange, routing_key="#")


QUEUES = (INTAKE, DEAD, KEPT, TASKS, "crm")
EXCHANGES = (EXCHANGE, EVENTS, WAKE, TASKS)
ACTIONS: dict[str, Action] = {
    **{f"declare {name}": declare(name) for name in (*QUEUES, "mine")},
    **{f"make {name}": make(name) for name in EXCHANGES},
    **{f"write {name}": write(name) for name in EXCHANGES},
    "write to any queue": write("", "crm"),
    **{f"consume {name}": consume(name) for name in QUEUES},
    "subscribe": bind("crm", EVENTS),
    "tap the intake": bind("crm", EXCHANGE),
}
ALLOWED = {
    "billing": {"write credits"},
    "crm": {"declare crm", "consume crm", "subscribe"},
    "scrip-relay": {
        "declare credits.events.kept",
        "make credits.events",
        "make scrip.wake",
        "write credits.events",
    },
    "scrip-worker": {
        *(f"declare {name}" for name in (INTAKE, DEAD, TASKS)),
        *(f"make {name}" for name in (EXCHANGE, WAKE, TASKS)),
        *(f"write {name}" for name in (EXCHANGE, WAKE, TASKS)),
        "write to any queue",
        *(f"consume {name}" for name in (INTAKE, DEAD, TASKS)),
    },
    "scrip-beat": {"write scrip.tasks"},
    "shop": {"write scrip.tasks"},
    "operator": {"write credits", "consume credits.events.kept"},
}


@pytest.mark.parametrize("user", ALLOWED)
def test_a_user_can_do_this_and_nothing_else(declared: RabbitMQ, user: str) -> None:
    able = set()
    with closing(Client(url(declared, user))) as client:
        for name, act in ACTIONS.items():
            with client.connection.channel() as channel, suppress(AccessRefused):
                act(channel)
                able.add(name)
    assert able == ALLOWED[user]


def test_an_installation_works_with_exactly_these_rights(
    node: RabbitMQ, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an empty broker on, and nothing is refused."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    refused_before = refusals(node)
    ports = {name: free_port() for name in USERS}
    with ExitStack() as opened:
        for name, user in USERS.items():
            monkeypatch.setenv("SCRIP_HEALTH_PORT", str(ports[name]))
            servers = Servers(database_url, url(node, user))
            opened.enter_context(stack.processes(servers, tmp_path, (name,)))
        crm = opened.enter_context(closing(Client(url(node, "crm"))))
        wait_for("the exchange of events", lambda: subscribed(crm))
        billing = opened.enter_context(closing(Client(url(node, "billing"))))
        wait_for("the worker", billing.is_read)
        billing.publish(grant("ann", 500))
        wait_for("the event", lambda: crm.waiting("crm"))
        (event,) = crm.events("crm")
        assert event["data"]["available"] == 500
        submit(url(node, "shop"))
        worker = partial(scraped, ports["worker"])
        wait_for("a run", lambda: worker().value("scrip_expiry_last_run_timestamp_seconds"))
        assert worker().value("scrip_scrape_ok", server="broker") == 1
    assert refusals(node) == refused_before


def subscribed(crm: Client) -> bool:
    """Whether the relay has made the exchange that the queue is bound to."""
    try:
        crm.subscribe("crm")
    except NotFound:
        crm.close()
        return False
    return True


def submit(broker_url: str) -> None:
    """A Python producer that waits for its receipt."""
    with producer(broker_url, "rpc://") as app:
        message = [grant("bob", 7).decode()]
        way = partial(app.send_task, exchange=TASKS, routing_key=TASKS, declare=[])
        task = way("credits.submit", message)
        assert task.get(timeout=20)["outcome"] == "applied"


def refusals(node: RabbitMQ) -> list[str]:
    """What the node has refused to anybody."""
    log = (node.folder / "log").read_text().splitlines()
    return [line for line in log if "access_refused" in line or "refused for user" in line]


def test_operators_commands_work(declared: RabbitMQ, database_url: str, tmp_path: Path) -> None:
    """They make nothing: who runs them finds what worker and relay have made."""
    servers = {"DATABASE_URL": database_url, "BROKER_URL": url(declared, "operator")}
    path = tmp_path / "events.jsonl"
    path.write_bytes(grant("ann", 1) + b"\n")
    assert run("-m", "worker.cli", "publish", str(path), **servers).returncode == 0
    told = run("-m", "worker.cli", "doctor", **servers).stdout
    assert "1 message waiting" in told
    assert "credits.events.kept is there" in told
    events = run("-m", "worker.cli", "events", **servers)
    assert events.returncode == 0
    assert "1 entry of the stream cannot be read as an event" in events.stderr
