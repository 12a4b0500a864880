"""RabbitMQ from its programs alone: a node of its own, with its own port mapper."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from amqp import AMQPError
from kombu import Connection

from worker.embedded.ports import choose_port
from worker.embedded.process import WATCHED, Server

PROGRAMS = "/usr/lib/rabbitmq/bin"
"""Where Debian keeps the script that does not change its user."""

USER = "scrip"


def programs() -> tuple[Path, Path] | None:
    """The server's script and Erlang's port mapper, if this machine has them."""
    server = shutil.which("rabbitmq-server", path=f"{PROGRAMS}:{os.environ.get('PATH', '')}")
    mapper = shutil.which("epmd")
    return (Path(server), Path(mapper)) if server and mapper else None


class RabbitMQ(Server):
    """One RabbitMQ node with one user; `kill` and `start` are what a power cut would be."""

    name = "RabbitMQ"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = programs()
        assert found, "no RabbitMQ on this machine"
        self._program, self._mapper_program = found
        self._mapper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start the port mapper too: one that RabbitMQ starts would outlive it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._mapper is None:
            port = str(choose_port(self.folder / "mapper-port"))
            command = [str(self._mapper_program), "-address", "127.0.0.1", "-port", port]
            self._mapper = subprocess.Popen(
                ["/bin/sh", "-c", WATCHED, "TERM", *command],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        super().start()

    def stop(self) -> None:
        """Stop both."""
        super().stop()
        if self._mapper is not None:
            self._mapper.terminate()
            self._mapper.wait()
            with suppress(BrokenPipeError):
                self._mapper.communicate(b"done\n")
            self._mapper = None

    def remembers_its_queues(self) -> bool:
        """Whether each queue and what streams need is in an index on disk, a second behind.

        RabbitMQ that is killed sooner finds the queue again and no leader for it, for ever.
        """
        indexes = self.folder.glob("*/*/*/names.dets")
        return all(map(_is_whole, indexes)) and any(self.folder.glob("*/quorum/*/*/"))

    def administer(self, script: str) -> None:
        """Run a shell's commands as the node's administrator, who has `rabbitmqctl`."""
        path = f"{PROGRAMS}:{os.environ.get('PATH', '')}"
        environment = {**self._environment(), "PATH": path}
        subprocess.run(["/bin/sh", "-e", "-c", script], env=environment, check=True)

    def _command(self) -> list[str]:
        path = self.folder / "rabbitmq.conf"
        path.touch(mode=0o600)
        path.write_text(f"default_user = {USER}\ndefault_pass = {self.password}\n")
        return [str(self._program)]

    def _environment(self) -> dict[str, str]:
        mapper_port = (self.folder / "mapper-port").read_text()
        return {
            **super()._environment(),
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": mapper_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # The node's files are named after it, and it keeps its port and so its name.
            "RABBITMQ_NODENAME": f"scrip{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(choose_port(self.folder / "cluster-port")),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "none"),
            "RABBITMQ_MNESIA_BASE": str(self.folder),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_LOGS": "-",
            # Its schedulers must not spin on a machine that others use too.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            # Makes the script become the server instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=5) as connection:
                connection.connect()
        except (AMQPError, OSError):
            return False
        return True


def _is_whole(index: Path) -> bool:
    """Whether it names each queue of its folder."""
    folders = [path for path in index.parent.iterdir() if path.is_dir()]
    return all(path.name.encode() in index.read_bytes() for path in folders)
