"""scrip and the naive reference decide generated mixes alike (R1-R23), row by row."""

from __future__ import annotations

import os

import pytest

from tests.reference.agreement import Both

MESSAGES = int(os.environ.get("SCRIP_REFERENCE_MESSAGES", "4000"))
"""Of all mixes together; 100,000 take some ten minutes."""
MIX = 2_000


@pytest.mark.parametrize("seed", range(1, 1 + -(-MESSAGES // MIX)))
def test_the_two_agree(seed: int) -> None:
    both = Both(seed)
    disagreement = next(both.play(MIX), None)
    assert disagreement is None
    assert both.violations() == []
    assert both.reached["applied"] > MIX / 2
