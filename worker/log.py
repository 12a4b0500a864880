"""One line per event worth knowing, as key=value. Payloads and secrets never go in."""

import logging
from typing import Any

_logger = logging.getLogger("scrip")


class Log:
    """A logger that takes its facts by name."""

    def info(self, event: str, **facts: Any) -> None:
        """Something happened as it should."""
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Something passed by that an operator may want to know."""
        self._write(logging.WARNING, event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """Something needs a person."""
        self._write(logging.ERROR, event, facts)

    def _write(self, level: int, event: str, facts: dict[str, Any]) -> None:
        told = " ".join(f"{name}={value!r}" for name, value in facts.items())
        _logger.log(level, "%s%s%s", event, " " if told else "", told)


log = Log()
