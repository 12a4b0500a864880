"""Every rule has a spec, a law and code that names it, and the table of them is current."""

from __future__ import annotations

import pytest

from tests.rule_names import EXCEPTIONS, PROMISES, RULES
from tests.rules import PAGE, behind, page, rules_named, unknown

NEEDED = ("spec", "law", "code")


def test_the_table_is_current() -> None:
    """After a change of what a docstring names: python -m tests.rules."""
    assert PAGE.read_text() == page(), "tests/RULES.md is stale: python -m tests.rules"


def test_every_rule_has_a_spec_a_law_and_code() -> None:
    """Name the rule where it is shown or kept, or say in EXCEPTIONS why nothing can."""
    missing = [
        f"{row.rule} ({row.meaning}) has no {column}"
        for row in behind()
        for column in NEEDED
        if not row.found[column] and (row.rule, column) not in EXCEPTIONS
    ]
    assert missing == []


def test_exceptions_are_still_needed() -> None:
    """A ratchet: what has come to be shown stays shown."""
    found = {(row.rule, column): row.found[column] for row in behind() for column in NEEDED}
    assert [where for where in EXCEPTIONS if found[where]] == []


def test_nothing_names_a_rule_that_there_is_not() -> None:
    """A number that nobody can look up is a slip of the pen."""
    assert unknown() == []


def test_the_rules_are_numbered_without_a_gap() -> None:
    """R1 to R23 and I1 to I20."""
    assert list(RULES) == [f"R{number}" for number in range(1, 24)]
    assert list(PROMISES) == [f"I{number}" for number in range(1, 21)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("R1, R2: both.", {"R1", "R2"}),
        ("I3-I5, I8", {"I3", "I4", "I5", "I8"}),
        ("R10 and not R1", {"R10", "R1"}),
        ("UR1 R0 R100 r1 GRI3", set()),
    ],
)
def test_rules_are_found_by_their_numbers(text: str, named: set[str]) -> None:
    """Whole words, and ranges with both ends."""
    assert rules_named(text) == named
