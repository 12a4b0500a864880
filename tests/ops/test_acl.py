"""The broker's users of SECURITY.md: enough for their work, and nothing beyond it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from redis.exceptions import NoPermissionError

from tests.end_to_end.messages import grant
from tests.end_to_end.outsider import EVENTS, INTAKE, Outsider, wait_for
from tests.ops.installation import free_port, own_valkey, run
from tests.ops.scraped import scraped
from tests.ops.security_page import acl_rules, commands_of
from worker import stack
from worker.embedded import Servers, Valkey

SECRET = "s3cret"
USERS = {"worker": "scrip-worker", "relay": "scrip-relay", "beat": "scrip-beat"}
SELDOM = {"unwatch"}
"""What the restoring of a task needs only when the task cannot be read."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A broker with the users of the page."""
    with own_valkey(tmp_path / "valkey") as broker:
        with redis.Redis.from_url(broker.url) as admin:
            for name, rules in acl_rules(SECRET).items():
                execute(admin, "ACL", "SETUSER", name, "reset", *rules)
        yield broker


@pytest.fixture
def admin(valkey: Valkey, database_url: str) -> Iterator[Outsider]:
    with Outsider(Servers(database_url, valkey.url)) as client:
        yield client


def url(valkey: Valkey, user: str) -> str:
    return f"redis://{user}:{SECRET}@127.0.0.1:{valkey.port}/0"


def client(valkey: Valkey, user: str) -> redis.Redis:
    return redis.Redis.from_url(url(valkey, user))


def execute(connection: redis.Redis, *command: Any) -> Any:
    """A command as it stands."""
    return connection.execute_command(*command)  # type: ignore[no-untyped-call]


def refused(connection: redis.Redis, *commands: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Those of the commands that the user may not use."""
    found = []
    for command in commands:
        try:
            execute(connection, *command)
        except NoPermissionError:
            found.append(command)
    return found


def denials(admin: Outsider) -> list[str]:
    """What the broker has refused to anybody."""
    log = execute(admin.redis, "ACL", "LOG")
    rows = [dict(zip(row[::2], row[1::2], strict=True)) for row in log]
    return [f"{row[b'username'].decode()}: {row[b'object'].decode()}" for row in rows]


def celery(broker_url: str) -> Celery:
    """An app that knows what an installation calls its keys, and has no patience."""
    app = Celery(broker=broker_url, backend=broker_url, set_as_current=False)
    keys = ("unacked_key", "unacked_index_key", "unacked_mutex_key")
    app.conf.broker_transport_options = {
        "visibility_timeout": -1,
        **{name: f"scrip.{name.removesuffix('_key')}" for name in keys},
    }
    app.conf.task_default_queue = "scrip.tasks"
    return app


def test_a_producer_can_only_add(valkey: Valkey) -> None:
    """It cannot read back even what it has sent itself."""
    others = [
        ("XRANGE", INTAKE, "-", "+"),
        ("XREAD", "STREAMS", INTAKE, "0"),
        ("XLEN", INTAKE),
        ("XDEL", INTAKE, "1-1"),
        ("XTRIM", INTAKE, "MAXLEN", "0"),
        ("DEL", INTAKE),
        ("XADD", EVENTS, "*", "event", "{}"),
        ("LPUSH", "scrip.tasks", "{}"),
        ("CONFIG", "GET", "requirepass"),
        ("FLUSHALL",),
        ("EVAL", "return 1", "0"),
    ]
    with client(valkey, "billing") as billing:
        assert billing.xadd(INTAKE, {"event": grant("ann", 1)})
        assert refused(billing, *others) == others


def test_a_producer_can_trim_which_the_page_says(valkey: Valkey, admin: Outsider) -> None:
    """Should a server ever be able to forbid it, the page can say something better."""
    admin.publish(grant("ann", 1), grant("bob", 1))
    with client(valkey, "billing") as billing:
        execute(billing, "XADD", INTAKE, "MAXLEN", "0", "*", "event", "{}")
    assert admin.backlog() == 0


def test_a_subscriber_can_only_read_events(valkey: Valkey, admin: Outsider) -> None:
    """The intake is none of its business."""
    admin.redis.xadd(EVENTS, {"event": "{}"})
    others = [
        ("XREAD", "STREAMS", INTAKE, "0"),
        ("XADD", EVENTS, "*", "event", "{}"),
        ("XDEL", EVENTS, "1-1"),
        ("XADD", INTAKE, "*", "event", "{}"),
    ]
    with client(valkey, "crm") as crm:
        assert crm.xread({EVENTS: "0"})
        assert refused(crm, *others) == others


def test_an_installation_works_with_exactly_these_rights(
    valkey: Valkey, admin: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is refused, and nothing is allowed that was not used."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    admin.redis.config_resetstat()
    execute(admin.redis, "ACL", "LOG", "RESET")
    ports = {name: free_port() for name in USERS}
    with ExitStack() as opened:
        for name, user in USERS.items():
            monkeypatch.setenv("SCRIP_HEALTH_PORT", str(ports[name]))
            servers = Servers(admin.servers.database_url, url(valkey, user))
            opened.enter_context(stack.processes(servers, tmp_path, (name,)))
        with client(valkey, "billing") as billing:
            billing.xadd(INTAKE, {"event": grant("ann", 500)})
        wait_for("the event", lambda: admin.events("ann"))
        submit(celery(valkey.url))
        wait_for("a trim", lambda: "xtrim" in used(admin))
        assert scraped(ports["worker"]).value("scrip_scrape_ok", server="broker") == 1
    restore_unacknowledged(celery(valkey.url), celery(url(valkey, USERS["worker"])))
    assert denials(admin) == []
    granted = set().union(*(commands_of(acl_rules(SECRET)[user]) for user in USERS.values()))
    assert granted - SELDOM - used(admin) == set()


def used(admin: Outsider) -> set[str]:
    """The commands that anybody has used since the statistics were reset."""
    stats: dict[str, Any] = admin.redis.info("commandstats")
    return {name.removeprefix("cmdstat_") for name in stats}


def submit(app: Celery) -> None:
    """A Python producer that waits for its receipt."""
    task = app.send_task("credits.submit", [grant("bob", 7).decode()], queue="scrip.tasks")
    assert task.get(timeout=20)["outcome"] == "applied"


def restore_unacknowledged(killed: Celery, worker: Celery) -> None:
    """What the next worker does with a task that a killed one had begun."""
    killed.send_task("scrip.expire", exchange="scrip.tasks", routing_key="scrip.tasks")
    with killed.connection() as taking, worker.connection() as restoring:
        assert killed.amqp.queues["scrip.tasks"](taking.default_channel).get(no_ack=False)
        channel: Any = restoring.default_channel
        channel.qos.restore_visible(interval=1)


def test_doctor_and_publish_work_as_operator(
    valkey: Valkey, admin: Outsider, tmp_path: Path
) -> None:
    """Without the right to read the server's configuration, and so its passwords."""
    servers = {"DATABASE_URL": admin.servers.database_url, "BROKER_URL": url(valkey, "operator")}
    path = tmp_path / "events.jsonl"
    path.write_bytes(grant("ann", 1) + b"\n")

    def scrip(*command: str) -> subprocess.CompletedProcess[str]:
        return run("-m", "worker.cli", *command, **servers)

    assert scrip("publish", str(path)).returncode == 0
    said = scrip("doctor").stdout
    assert "1 message waiting" in said
    assert "appendonly is on: messages survive" in said
