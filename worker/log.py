"""Lines for operators: an event and its facts by name. Payloads and secrets never go in.

A message is named by `source`, `id`, `type` and `account_id`, always by these words, so that one
search finds all that was ever said about it. What a process writes, its libraries included, is laid
out by structlog, as `SCRIP_LOG` says; commands, which say little, do without.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from structlog.typing import EventDict

Style = Literal["text", "json"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

_logger = logging.getLogger("scrip")


@dataclass(frozen=True, slots=True)
class Line:
    """What is said; it becomes text only when somebody writes it down."""

    event: str
    facts: dict[str, Any]

    def __str__(self) -> str:
        return " ".join((self.event, *_named(self.facts)))


class Log:
    """A logger that takes its facts by name."""

    @property
    def is_detailed(self) -> bool:
        """Whether lines about single messages are wanted: ask once a batch, then make them."""
        return _logger.isEnabledFor(logging.DEBUG)

    def debug(self, event: str, **facts: Any) -> None:
        """One message went its way; only where `is_detailed`."""
        _logger.debug(Line(event, facts))

    def info(self, event: str, **facts: Any) -> None:
        """Something happened as it should."""
        _logger.info(Line(event, facts))

    def warning(self, event: str, **facts: Any) -> None:
        """Something passed by that an operator may want to know."""
        _logger.warning(Line(event, facts))

    def error(self, event: str, **facts: Any) -> None:
        """Something needs a person."""
        _logger.error(Line(event, facts))


log = Log()


def set_up_logging(style: Style, level: Level) -> None:
    """Lay out whatever this process logs, on standard error; `level` is for scrip's own lines."""
    import structlog  # noqa: PLC0415 - a tenth of a second, for processes and not for commands

    layout = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _taken_apart,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # the one without local variables
            structlog.processors.JSONRenderer() if style == "json" else _readable,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(layout)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    _logger.setLevel(level)
    # At INFO Celery logs the arguments of tasks, and arguments may be payloads; Alembic its parts.
    for name in ("celery", "kombu", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _taken_apart(_logger: object, _method: str, event_dict: "EventDict") -> "EventDict":
    """Our own lines come with their facts; what a library says is one text."""
    line = event_dict["_record"].msg
    if not isinstance(line, Line):
        return event_dict
    return {**line.facts, **event_dict, "event": line.event}


def _readable(_logger: object, _method: str, event_dict: "EventDict") -> str:
    """Instant, level, logger and event in place, then facts as key=value, then a traceback."""
    facts = dict(event_dict)
    head = [facts.pop("time"), facts.pop("level").upper(), facts.pop("logger"), facts.pop("event")]
    traceback = facts.pop("exception", None)
    line = " ".join((*head, *_named(facts)))
    return f"{line}\n{traceback}" if traceback else line


def _named(facts: dict[str, Any]) -> list[str]:
    """As Python writes values, so that a line break within one cannot begin a line of its own."""
    return [f"{name}={value!r}" for name, value in facts.items()]
