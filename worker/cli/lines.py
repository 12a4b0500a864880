"""Messages from files: one on each line, plain or compressed, or from standard input."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

STDIN = Path("-")
_GZIP = b"\x1f\x8b"


class LinesError(Exception):
    """The file cannot be read to its end."""


class Lines:
    """The non-empty lines of a file as they are, and how far the reading has come."""

    def __init__(self, raw: IO[bytes], size: int | None) -> None:
        self._raw = raw
        self.size = size
        """Bytes of the file; None where nobody knows."""
        self.number = 0
        """Of the line that was read last; empty ones count."""

    @property
    def position(self) -> int:
        """Bytes of the file that have been read."""
        return self._raw.tell() if self.size is not None else 0

    def __iter__(self) -> Iterator[bytes]:
        source = gzip.GzipFile(fileobj=self._raw) if self._is_compressed() else self._raw
        try:
            for self.number, line in enumerate(source, 1):
                body = line.rstrip(b"\r\n")
                if body.strip():
                    yield body
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise LinesError(f"the file is damaged: {error}") from error

    def chunks(
        self, messages: int, size: int, made: Callable[[bytes, int], bytes] | None = None
    ) -> Iterator[list[bytes]]:
        """The lines in portions of so many, or of so many bytes, whichever comes first.

        Each is what `made` makes of it and of its number; without, as it is.
        """
        chunk: list[bytes] = []
        held = 0
        for line in self:
            body = made(line, self.number) if made is not None else line
            chunk.append(body)
            held += len(body)
            if len(chunk) >= messages or held >= size:
                yield chunk
                chunk, held = [], 0
        if chunk:
            yield chunk

    def _is_compressed(self) -> bool:
        peek = getattr(self._raw, "peek", None)
        return peek is not None and peek(2)[:2] == _GZIP


LinesFile = Annotated[
    Path, typer.Argument(help="JSON lines, plain or compressed with gzip; - is standard input.")
]


@contextmanager
def reading(path: Path) -> Iterator[Lines]:
    """The lines of a file, or of standard input for `-`."""
    if path == STDIN:
        yield Lines(sys.stdin.buffer, None)
        return
    try:
        raw = path.open("rb")
    except OSError as error:
        raise LinesError(f"{path}: {error.strerror}") from error
    with raw:
        yield Lines(raw, path.stat().st_size if path.is_file() else None)
