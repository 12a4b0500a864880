"""Files that commands write."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import typer


@contextmanager
def opened(output: Path | None) -> Iterator[IO[str]]:
    """A file that has its name only when it is complete; standard output when none is named."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, output)
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
