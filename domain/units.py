"""Currencies of a tenant's own: where a list of messages must be cut for them.

A message in such a unit can be read only once the tenant has declared it. So a batch ends before a
message whose unit was declared within it, and whatever was decided about the declaration stands by
then. As batch boundaries change nothing (R23), that is the whole rule.
"""

from collections.abc import Mapping, Sequence

from domain.configuring import ConfigureTenant
from domain.messages import Message


def declared_by(message: Message) -> Mapping[str, int]:
    """The units that a message declares, with their decimals."""
    return (message.body.units or {}) if isinstance(message.body, ConfigureTenant) else {}


def cuts(messages: Sequence[Message]) -> list[int]:
    """The places of messages in a unit that the list itself has declared since the last cut."""
    found: list[int] = []
    if all(message.decimals is None for message in messages):
        return found
    declared: set[tuple[str, str]] = set()
    for place, message in enumerate(messages):
        tenant = message.body.tenant
        if message.decimals is not None and (tenant, message.body.currency) in declared:
            found.append(place)
            declared.clear()
        declared.update((tenant, unit) for unit in declared_by(message))
    return found
