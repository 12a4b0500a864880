"""Generated messages of the kinds beyond grants, deductions and new invoices (see examples.py)."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import strategies as st

from domain.messages import Message
from tests.laws.examples import (
    ACCOUNTS,
    NAMES,
    amounts,
    dues,
    envelopes,
    lines,
    minutes,
    named_or_not,
    names,
)
from tests.verbs import (
    amend,
    apply,
    capture,
    configure,
    configure_tenant,
    hold,
    paid,
    release,
    reverse,
    reverse_writeoff,
    shortfall,
    transfer,
    update,
    void_grant,
)

FEW = NAMES[:3]
STATUSES: tuple[Literal["draft", "open", "payment_pending"] | None, ...] = (
    None,
    None,
    "open",
    "open",
    "draft",
    "payment_pending",
)
CUSTOMERS = sorted({key.customer for key in ACCOUNTS})
SETTINGS: list[dict[str, Any]] = [
    {"order": "lago"},
    {"order": "orb"},
    {"order": "standard"},
    {"auto_apply": False},
    {"auto_apply": True},
    {"apply_to_open_invoices": True},
    {"apply_to_open_invoices": False},
    {"low_balance": 10},
    {"late_window": 1_200},
    {"late_window": 3_600},
    {"tolerances": {"basic": {"USD": 5, "EUR": 2}, "gold": {"USD": 50}}},
    {"plan": "basic", "tolerances": {"basic": {"USD": 20, "EUR": 20}}},
]

few = st.sampled_from(FEW)
perhaps = st.one_of(st.none(), amounts)
ends = st.sampled_from([None, None, *minutes(-30, 240)])
flags = st.sampled_from([None, True, False])


@st.composite
def updates(draw: st.DrawFn) -> Message:
    """Another amount, with lines or without, another status, or both."""
    rows, status = draw(lines()), draw(st.sampled_from(STATUSES))
    due = None if rows else draw(st.one_of(dues, st.none() if status else dues))
    return update(due, draw(names), lines=rows, status=status, **draw(envelopes()))


@st.composite
def amendments(draw: st.DrawFn) -> Message:
    """Another end or place in the order."""
    priority = draw(st.sampled_from([None, 10, 90]))
    return amend(draw(names), expires=draw(ends), priority=priority, **draw(envelopes()))


@st.composite
def reversals(draw: st.DrawFn) -> Message:
    """Of an invoice or an entry, in part or whole."""
    if draw(st.booleans()):
        return reverse(draw(perhaps), draw(names), **draw(envelopes()))
    return reverse(draw(perhaps), entry=draw(st.integers(1, 12)), **draw(envelopes()))


@st.composite
def captures(draw: st.DrawFn) -> Message:
    """Of all or a part of a hold, perhaps onto an invoice."""
    named = draw(st.one_of(st.none(), names))
    return capture(draw(perhaps), draw(few), invoice=named, **draw(envelopes()))


@st.composite
def transfers(draw: st.DrawFn) -> Message:
    """To the other customer."""
    about = draw(envelopes())
    to = next(customer for customer in CUSTOMERS if customer != about["customer"])
    return transfer(draw(amounts), to, draw(few), **about)


@st.composite
def shortfalls(draw: st.DrawFn) -> Message:
    """A little short."""
    plan = draw(st.sampled_from([None, "basic", "gold"]))
    named = draw(st.sampled_from([None, *FEW]))
    return shortfall(draw(amounts), draw(names), named, plan=plan, **draw(envelopes()))


@st.composite
def account_settings(draw: st.DrawFn) -> Message:
    """Some of what can be set for an account."""
    return configure(
        auto_apply=draw(flags),
        apply_to_open_invoices=draw(flags),
        low_balance=draw(st.sampled_from([None, 5, 10])),
        plan=draw(st.sampled_from([None, "basic", "gold"])),
        **draw(envelopes()),
    )


messages_of_all_other_kinds = st.one_of(
    updates(),
    updates(),
    st.builds(lambda name, about: paid(name, **about), names, envelopes()),
    st.builds(
        lambda amount, name, lot, about: apply(amount, name, grant=lot, **about),
        perhaps,
        names,
        named_or_not,
        envelopes(),
    ),
    reversals(),
    reversals(),
    st.builds(lambda name, about: void_grant(name, **about), names, envelopes()),
    amendments(),
    st.builds(
        lambda amount, name, end, about: hold(amount, name, expires=end, **about),
        amounts,
        few,
        ends,
        envelopes(),
    ),
    captures(),
    st.builds(lambda name, about: release(name, **about), few, envelopes()),
    transfers(),
    shortfalls(),
    st.builds(lambda name, about: reverse_writeoff(name, **about), few, envelopes()),
    account_settings(),
    st.builds(
        lambda said, about: configure_tenant(said, **about), st.sampled_from(SETTINGS), envelopes()
    ),
)
