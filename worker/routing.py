"""Which decider a message goes to: all of a customer's to the same one, in order.

A look at the bytes is enough. It need not agree with the codec about what is well formed: what it
cannot place for sure goes where nothing can overtake it.
"""

from collections.abc import Sequence
from zlib import crc32

from pydantic_core import from_json

from worker.ports import Delivery

FAR_REACHING = ("credit.transfer", "tenant.configure")
"""Types whose effect is not on one customer alone: on the receiver too, or on all of a tenant's."""


def shared_out(deliveries: Sequence[Delivery], count: int) -> list[list[Delivery]] | None:
    """The deliveries of each of `count` deciders; None when one of them has to take them all."""
    shares: list[list[Delivery]] = [[] for _ in range(count)]
    for delivery in deliveries:
        place = _place(delivery.body)
        if place is None:
            return None
        shares[place % count].append(delivery)
    return shares


def _place(body: bytes) -> int | None:
    """The same number for the same customer; None for what all others may have to wait for."""
    try:
        event = from_json(body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") in FAR_REACHING:
        return None
    data = event.get("data")
    customer = data.get("customer") if isinstance(data, dict) else None
    if not isinstance(customer, str):
        return 0  # nobody's, so it goes to quarantine whoever looks at it
    return crc32(customer.encode("utf-8", "surrogatepass"))
