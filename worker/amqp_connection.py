"""A connection to RabbitMQ: over TLS where the URL says so, with deliveries as bytes."""

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from kombu import Connection

from worker.amqp_frames import Frames, Raw

SOCKET_TIMEOUT = 10
"""Seconds; longer than any wait of ours for frames."""


def connect(url: str, deliver: Callable[[Raw], None], heartbeat: int = 0) -> Any:
    """A connection of py-amqp's that gives whole deliveries to `deliver`; 0 is no heartbeat."""
    options = {
        "frame_handler": partial(Frames, deliver),
        "read_timeout": SOCKET_TIMEOUT,
        "write_timeout": SOCKET_TIMEOUT,
    }
    client = Connection(url, heartbeat=heartbeat, ssl=verified(url), transport_options=options)
    return client.transport.establish_connection()


def verified(url: str) -> dict[str, Any] | bool:
    """How to speak TLS where the URL says so: with a certificate for the host that it names."""
    if not url.startswith("amqps:"):
        return False
    return {"server_hostname": None, "cert_reqs": ssl.CERT_REQUIRED}
