"""Messages in currencies that ISO 4217 does not know: their tenants say which of them are units.

The codec has read their amounts by the decimals that they show (domain/messages.py). Here it turns
out whether those are the unit's.
"""

from collections.abc import Mapping, Sequence

from db.values import Quarantined
from domain.messages import Message
from domain.units import declared_by
from worker.codec_reasons import amount_with, quoted
from worker.ports import Transaction


def understood(
    messages: Sequence[Message], transaction: Transaction
) -> tuple[Sequence[Message], list[Quarantined]]:
    """The messages to decide, and those to set aside, which must not bring accounts into being."""
    tenants = {message.body.tenant for message in messages if message.decimals is not None}
    if not tenants:
        return messages, []
    settings = transaction.settings(tenants)
    known, aside = [], []
    for message in messages:
        tenant = settings.get(message.body.tenant)
        problem = _problem(message, tenant.units if tenant else {})
        if problem is None:
            known.append(message)
        else:
            aside.append(Quarantined(message.raw, problem, message.cause.id))
    return known, aside


def is_understood(message: Message, units: Mapping[str, int]) -> bool:
    """Whether a tenant with these units has a message decided, or set aside."""
    return _problem(message, units) is None


def _problem(message: Message, units: Mapping[str, int]) -> str | None:
    if message.decimals is None:
        return None
    currency = message.body.currency
    decimals = {**units, **declared_by(message)}.get(currency)
    if decimals is None:
        known = "codes are those of ISO 4217 in upper case, such as USD"
        hint = f"{known}, or units that tenant.configure has declared"
        return f"data.currency: unknown currency {quoted(currency)}; {hint}"
    if message.decimals <= {decimals}:
        return None
    (shown,) = message.decimals
    return f"data: an amount of {quoted(currency)} must be {amount_with(decimals)}, not {shown}"
