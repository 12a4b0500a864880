"""What `scrip doctor` finds: a level, a sentence, and what to do."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(NamedTuple):
    """One line."""

    level: Level
    subject: str
    words: str
    advice: str = ""


def ok(subject: str, words: str) -> Finding:
    """As it should be."""
    return Finding(Level.OK, subject, words)


def warning(subject: str, words: str, advice: str) -> Finding:
    """Worth knowing; nothing is lost by it now."""
    return Finding(Level.WARNING, subject, words, advice)


def error(subject: str, words: str, advice: str) -> Finding:
    """Something does not work, or what was confirmed can be lost."""
    return Finding(Level.ERROR, subject, words, advice)


def seconds(number: float) -> str:
    """A duration as people say it."""
    if number < 120:
        return f"{number:.0f} s"
    return f"{number / 60:.0f} min" if number < 7_200 else f"{number / 3_600:.0f} h"
