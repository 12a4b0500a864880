"""Generated lists of messages of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from domain.digests import digests
from domain.invoices import InvoiceCreated
from domain.messages import Message
from tests.builders import About, void
from tests.laws.examples import beginnings, echoes, messages
from tests.laws.verbs import messages_of_all_other_kinds

middles = st.lists(st.one_of(messages, messages_of_all_other_kinds), min_size=3, max_size=18)


@st.composite
def message_lists(draw: st.DrawFn) -> list[Message]:
    """Grants, then anything, and echoes: what came comes again, is renamed, or is voided."""
    found = [*draw(beginnings), *draw(middles)]
    for number, (which, gap, kind) in enumerate(draw(echoes)):
        bills = [at for at, row in enumerate(found) if isinstance(row.body, InvoiceCreated)]
        places = bills if kind == "void" and bills else range(len(found))
        place = places[which % len(places)]
        found.insert(place + 1 + gap, _echo(found[place], kind, f"echo{number}"))
    return found


def _echo(message: Message, kind: str, name: str) -> Message:
    body: Any = message.body
    if kind == "void" and isinstance(body, InvoiceCreated):
        about = About(id=name, tenant=body.tenant, customer=body.customer, currency=body.currency)
        return void(body.invoice, **about)
    if kind == "rename":
        cause = message.cause._replace(id=name)
        return replace(message, cause=cause, digests=digests(cause.type, name, body))
    return message
