"""`scrip explain --message` says what became of a message."""

from __future__ import annotations

from tests.cli.conftest import Run
from tests.cli.explain_situations import grant, invoice
from tests.cli.messages import line
from tests.cli.test_explain import Explain, Publish, explain, publish

__all__ = ["explain", "publish"]


def test_a_refused_message(publish: Publish, explain: Explain, run: Run) -> None:
    poor = line("credit.deduct", "d", amount=10)
    publish(poor, poor, line("credit.deduct", "d", amount=11))
    (receipt,) = explain("--message", "d")["receipts"]
    assert (receipt["outcome"], receipt["reason"]) == ("refused", "insufficient_credit")
    assert (receipt["repeats"], receipt["conflicts"]) == (1, 1)
    assert receipt["now"] == receipt["t"]
    text = run("explain", "--message", "d", "--customer", "ada").stdout
    assert "refused: insufficient_credit" in text
    assert "the usable credit did not reach" in text
    assert "came again 1 time, which changed nothing" in text
    assert "its id came 1 time with another body" in text
    assert "In quarantine: a message of this id" in text


def test_a_message_is_found_by_its_source(publish: Publish, explain: Explain, run: Run) -> None:
    """The same id from two sources is two messages; the source alone names one."""
    publish(*(line("credit.grant", "g", amount=1, source=source) for source in ("/crm", "/shop")))
    assert len(explain("--message", "g")["receipts"]) == 2
    (receipt,) = explain("--message", "g", "--source", "/shop")["receipts"]
    assert receipt["source"] == "/shop"
    asked = ("explain", "--customer", "ada", "--source", "/shop")
    assert run(*asked, "--message", "d").exit_code == 1
    assert run(*asked, "1").exit_code == 2


def test_a_message_with_entries_leads_to_them(publish: Publish, run: Run) -> None:
    publish(grant("g", 10), invoice(5))
    text = run("explain", "--message", "i-INV", "--customer", "ada").stdout
    assert "`scrip explain 2 --customer ada` says more" in text


def test_a_grant_that_had_come_before_is_told(publish: Publish, run: Run) -> None:
    """R7: the same external id under another message id."""
    publish(*(line("credit.grant", name, amount=5, external_id="x") for name in ("a", "b")))
    text = run("explain", "--message", "b", "--customer", "ada").stdout
    assert "none: the grant had come before" in text
