"""What is generated is current, and breaks nothing that was released."""

from __future__ import annotations

from worker.contract.compatibility import broken
from worker.contract.files import released, stale
from worker.contract.schemas import documents


def test_the_contract_is_what_the_code_says() -> None:
    """After a change of messages or events: python -m worker.contract."""
    assert stale() == []


def test_the_contract_keeps_what_was_released() -> None:
    """Somebody's publisher or subscriber would stop working; make a new type instead."""
    assert released(), "there are no released schemas to compare with"
    assert broken(released(), documents()) == []
