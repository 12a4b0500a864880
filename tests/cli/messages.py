"""Messages as files hold them, and a mix of good, bad, repeated and conflicting ones.

No instant in the mix is near the present, so it comes out alike whenever it is decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

PAST, FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
CURRENCIES = ("USD", "JPY")
PRODUCTS = ("api", "seats", None)


def message(
    kind: str, name: str, *, time: str = FUTURE, source: str = "shop", **data: Any
) -> dict[str, Any]:
    """A CloudEvent about ada's USD account, unless it says otherwise."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": kind,
        "time": time,
        "data": {"customer": "ada", "currency": "USD", **data},
    }


def line(kind: str, name: str, **data: Any) -> bytes:
    """A message as its line."""
    return json.dumps(message(kind, name, **data)).encode()


def mix(seed: int, number: int) -> Iterator[bytes]:
    """Lines in arrival order."""
    random, sent = Random(seed), list[dict[str, Any]]()
    for serial in range(number):
        chance = random.random()
        if sent and chance < 0.10:
            yield json.dumps(random.choice(sent), sort_keys=chance < 0.05).encode()
        elif sent and chance < 0.14:
            event = random.choice(sent)
            yield json.dumps({**event, "data": {**event["data"], "note": "other"}}).encode()
        elif chance < 0.18:
            yield _spoilt(random, serial)
        else:
            sent.append(_event(random, serial))
            yield json.dumps(sent[-1]).encode()


def _event(random: Random, serial: int) -> dict[str, Any]:
    kind = random.choices(("grant", "invoice", "deduct", "void"), (30, 35, 20, 15))[0]
    about = {
        "tenant": random.choice(("default", "acme")),
        "customer": f"c{random.randrange(6)}",
        "currency": random.choice(CURRENCIES),
        "source": random.choice(("shop", "crm")),
        "time": random.choice((PAST, FUTURE)),
    }
    return _MAKERS[kind](random, f"m{serial}", about)


def _grant(random: Random, name: str, about: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {"amount": random.randint(1, 5_000), "priority": random.randint(49, 51)}
    if random.random() < 0.5:
        own["expires_at"] = random.choice((PAST, FUTURE, "2099-06-01T12:00:00.5+02:00"))
    if random.random() < 0.3:
        own["scope"] = random.sample(("api", "seats", "disk"), random.randint(1, 2))
    if random.random() < 0.3:
        own["external_id"] = f"x{random.randrange(20)}"
    if random.random() < 0.2:
        own["effective_at"] = random.choice((PAST, "2098-01-01T00:00:00Z"))
    category = random.choice(("paid", "promotional"))
    return message("credit.grant", name, category=category, **own, **about)


def _invoice(random: Random, name: str, about: dict[str, Any]) -> dict[str, Any]:
    invoice = f"i{random.randrange(60)}"
    if random.random() < 0.5:
        amount = random.randint(0, 4_000)
        return message("invoice.created", name, invoice=invoice, amount_due=amount, **about)
    lines = [
        {"id": str(number), "product": random.choice(PRODUCTS), "amount": random.randint(1, 2_000)}
        for number in range(random.randint(1, 3))
    ]
    due = sum(int(row["amount"] or 0) for row in lines)
    return message("invoice.created", name, invoice=invoice, amount_due=due, lines=lines, **about)


def _deduct(random: Random, name: str, about: dict[str, Any]) -> dict[str, Any]:
    product = random.choice(PRODUCTS)
    return message("credit.deduct", name, amount=random.randint(1, 900), product=product, **about)


def _void(random: Random, name: str, about: dict[str, Any]) -> dict[str, Any]:
    return message("invoice.voided", name, invoice=f"i{random.randrange(60)}", **about)


_MAKERS = {"grant": _grant, "invoice": _invoice, "deduct": _deduct, "void": _void}


def _spoilt(random: Random, serial: int) -> bytes:
    event = _event(random, serial)
    return random.choice(
        (
            b"not json",
            json.dumps({**event, "type": "invoice.shredded"}).encode(),
            json.dumps({**event, "time": "yesterday"}).encode(),
            json.dumps({**event, "data": {**event["data"], "colour": "red"}}).encode(),
            json.dumps(event).encode()[:-7],
            b"\xff\xfe",
        )
    )
