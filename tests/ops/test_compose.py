"""docker-compose.yml and the Dockerfile, as far as they can be held to anything without Docker.

Whether containers really start is shown in CI, which has Docker.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worker.cli import app
from worker.settings_table import rows

yaml: Any = pytest.importorskip("yaml", reason="needs PyYAML to read docker-compose.yml")

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = ROOT / "docker-compose.yml"
OURS = ("worker", "relay", "beat", "migrate")
ONE_SHOT = ("migrate",)
USUAL_PORTS = {"5432", "6379", "5672", "15672", "5555"}
SOURCES = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)

Service = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    found: dict[str, Service] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def health(service: Service) -> Any:
    return service.get("healthcheck", {}).get("test")


def ports(services: dict[str, Service]) -> Iterator[tuple[str, str, str]]:
    """Address, port on the host, port inside."""
    for service in services.values():
        for port in service.get("ports", []):
            address, outside, inside = re.sub(r"\$\{\w+:-(\d+)\}", r"\1", port).split(":")
            yield address, outside, inside


def test_every_command_is_one_of_scrip(services: dict[str, Service]) -> None:
    """The image's entry point is scrip, so a command is a subcommand."""
    commands = {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert {services[name]["command"][0] for name in OURS} == set(OURS) <= commands


def test_every_variable_is_a_setting(services: dict[str, Service]) -> None:
    """A misspelt variable would be ignored in silence."""
    settings = {row.name for row in rows()}
    assert [name for name in OURS if not services[name]["environment"].keys() <= settings] == []


def test_every_service_has_a_health_check_or_ends_by_itself(services: dict[str, Service]) -> None:
    """`up --wait` would otherwise wait for nothing."""
    assert [name for name in services if not health(services[name])] == list(ONE_SHOT)
    assert [services[name]["restart"] for name in ONE_SHOT] == ["no"]
    probes = [health(services[name])[:4] for name in OURS if name not in ONE_SHOT]
    assert probes == [["CMD", "python", "-m", "worker.health"]] * 3


def test_processes_start_after_the_schema(services: dict[str, Service]) -> None:
    """They refuse to start on an old one."""
    done, healthy = "service_completed_successfully", "service_healthy"
    for name in OURS:
        needs = {on: row["condition"] for on, row in services[name]["depends_on"].items()}
        expected = {"postgres": healthy} if name in ONE_SHOT else {"migrate": done}
        assert expected.items() <= needs.items()


def test_images_are_named_by_version(services: dict[str, Service], dockerfile: str) -> None:
    """`latest` is another program every month."""
    images = [service["image"] for service in services.values()]
    images += re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert [i for i in images if not re.search(r":[^:/]*\w", i) or i.endswith(":latest")] == []


def test_nothing_has_more_rights_than_it_needs(services: dict[str, Service]) -> None:
    """No way to the host, and no file to be changed by whoever breaks in."""
    assert "docker.sock" not in COMPOSE.read_text()
    for name, service in services.items():
        assert not service.get("privileged")
        assert service["security_opt"] == ["no-new-privileges:true"]
        if name != "rabbitmq":  # its entry point writes, and begins as root
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_ports_are_local_and_leave_the_usual_ones_alone(services: dict[str, Service]) -> None:
    """A server of one's own may have them already."""
    found = list(ports(services))
    assert {address for address, _, _ in found} == {"127.0.0.1"}
    assert {inside for _, _, inside in found} == USUAL_PORTS
    assert USUAL_PORTS.isdisjoint(outside for _, outside, _ in found)


def test_a_worker_is_given_the_time_it_takes(services: dict[str, Service]) -> None:
    """SIGTERM: up to 60 s for the batch in hand."""
    from worker.step import STOP_SECONDS_MAX  # noqa: PLC0415 - imports Celery

    seconds = int(services["worker"]["stop_grace_period"].removesuffix("s"))
    assert seconds > STOP_SECONDS_MAX


def test_the_image_is_made_of_what_is_there(dockerfile: str) -> None:
    """And .dockerignore lets exactly that through."""
    copied = {name for line in SOURCES.findall(dockerfile) for name in line.split()}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_nobody_in_particular(dockerfile: str) -> None:
    """By number, so that Kubernetes' runAsNonRoot can see it; and the tools stay behind."""
    final = dockerfile.rsplit("FROM ", 1)[1]
    user, entry = final.index("USER 10001:10001"), final.index("ENTRYPOINT")
    assert user < entry
    assert "HEALTHCHECK" in final
    assert not re.search(r"\b(uv|pip|apt-get)\b", final)


def test_the_file_keeps_to_the_schema_of_compose() -> None:
    """check-jsonschema brings the schema along; without it, CI checks."""
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed")
    command = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
