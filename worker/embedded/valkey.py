"""Valkey, or Redis, from its server program alone."""

from __future__ import annotations

import signal
from pathlib import Path

import redis

from worker.embedded import binaries
from worker.embedded.process import Server


class Valkey(Server):
    """One Valkey server with a password."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder, durable=durable)
        self._program = binaries.valkey_server()

    @property
    def url(self) -> str:
        return f"redis://default:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def aof(self) -> Path:
        """The folder of the append-only log, when durable."""
        return self.folder / "appendonlydir"

    def _command(self) -> list[str]:
        # A file, because everybody may read a command line, and it holds the password.
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name} {value}\n" for name, value in self._settings().items()))
        return [str(self._program), str(path)]

    def _settings(self) -> dict[str, str]:
        return {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "always",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # also while it loads its log
            return False
