"""What SECURITY.md tells operators to set up, for tests that try it."""

from __future__ import annotations

import re

from worker import stack

PAGE = stack.ROOT / "SECURITY.md"
PLACEHOLDER = "change-me"


def block(language: str, secret: str) -> str:
    """The page's example in this language, with a password in it."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return str(found).replace(PLACEHOLDER, secret)


def acl_rules(secret: str) -> dict[str, list[str]]:
    """The rules of every user but the default one, by name."""
    lines = [line.split() for line in block("acl", secret).splitlines()]
    return {name: rules for _, name, *rules in lines if name != "default"}


def commands_of(rules: list[str]) -> set[str]:
    """The commands that rules allow."""
    return {rule[1:] for rule in rules if rule.startswith("+")}
