"""Grant a customer 5.00 USD and print what scrip tells of it.

Needs `pip install redis`. Run: BROKER_URL=redis://localhost:6379 python credits.py CUSTOMER
"""
# ruff: noqa: T201 - a command line prints

import hmac
import json
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from redis import Redis


def publish(redis: Any, kind: str, message_id: str, data: dict[str, Any]) -> None:
    """Send a message; after any doubt send it again with the same id, it counts once."""
    event = {
        "specversion": "1.0",
        "id": message_id,
        "source": "/examples/python",
        "type": kind,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    redis.xadd("credits.in", with_signature(json.dumps(event)))


def with_signature(event: str) -> dict[str, str]:
    """The event, signed where SIGNING_KEY says with what: the key's id, a colon, its secret."""
    name, _, secret = os.environ.get("SIGNING_KEY", "").partition(":")
    if not secret:
        return {"event": event}
    mac = hmac.new(bytes.fromhex(secret), event.encode(), "sha256")
    return {"event": event, "signature": f"{name}:{mac.hexdigest()}"}


def newest(redis: Any) -> str:
    """Where the event stream ends now; a real subscriber keeps the last position it has handled."""
    entries = redis.xrevrange("credits.events", count=1)
    return str(entries[0][0]) if entries else "0-0"


def follow(redis: Any, position: str) -> Iterator[dict[str, Any]]:
    """The events behind a position, as they come; ends when there is none for ten seconds."""
    seen: dict[tuple[str, str, str], int] = {}
    streams = {"credits.events": position}
    while reply := redis.xread(streams, count=100, block=10_000):
        for streams["credits.events"], fields in reply[0][1]:
            event: dict[str, Any] = json.loads(fields["event"])
            data = event["data"]
            if "event_seq" not in data:
                continue  # message.quarantined is of no account
            account = (data["tenant"], data["customer"], data["currency"])
            before = seen.get(account, data["event_seq"] - 1)
            if data["event_seq"] > before + 1:
                print(f"events of {account} are missing after {before}", file=sys.stderr)
            seen[account] = max(before, data["event_seq"])
            if data["event_seq"] > before:  # otherwise it was delivered twice
                yield event


def main(customer: str) -> int:
    """Returns the exit status."""
    url = os.environ.get("BROKER_URL", "redis://localhost:6379")
    redis = Redis.from_url(url, decode_responses=True, protocol=2)
    position, message_id = newest(redis), f"grant-{uuid.uuid4()}"
    grant = {"customer": customer, "currency": "USD", "amount": "5.00"}
    publish(redis, "credit.grant", message_id, grant)
    for event in follow(redis, position):
        data = event["data"]
        if data.get("cause", data)["id"] == message_id:
            print(f"{event['type']}: {data.get('available')} available after {message_id}")
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
