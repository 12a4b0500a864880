"""How the tests ask whether a planted bug is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.run import simulate

SEEDS, MESSAGES = range(1, 21), 400

Plant = Callable[[pytest.MonkeyPatch], None]


def name_of(value: object) -> str:
    """What a test of a plant is called by."""
    return getattr(value, "__name__", str(value))


def named(violation: str) -> list[str]:
    """The promises that a violation begins with: `I18, I13: not quiet`."""
    return violation.partition(":")[0].split(", ")


def assert_caught(promise: str) -> None:
    """Some seed finds that the promise is broken, and the first that finds anything does."""
    for seed in SEEDS:
        found = simulate(seed, MESSAGES).violations
        if found:
            print(f"caught by seed {seed}: {found[0]}")
            assert promise in {name for violation in found for name in named(violation)}, found
            return
    pytest.fail(f"not caught by {len(SEEDS)} seeds")
