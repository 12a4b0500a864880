"""Ports on 127.0.0.1 that stay the same from one start to the next."""

from __future__ import annotations

import random
import socket
from pathlib import Path

# Below the range of outgoing connections: a client that retries while its server is down could
# otherwise be given the server's port for its own end, and connect to itself.
LOWEST, HIGHEST = 20_000, 32_000


def choose_port(memory: Path) -> int:
    """The port noted in `memory` if it is free, else another one, noted for the next time."""
    port = int(memory.read_text()) if memory.exists() else 0
    while not (port and _is_free(port)):
        port = random.SystemRandom().randint(LOWEST, HIGHEST)
    memory.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
