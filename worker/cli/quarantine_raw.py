"""The bytes of a message that nobody could read, for people and for programs."""

from worker.state import Data


def as_text(raw: bytes) -> str:
    r"""The bytes as text; what is no UTF-8 or could move a cursor as `\xff` or `\u009b`."""
    text = raw.decode(errors="backslashreplace")
    return "".join(
        letter if letter.isprintable() or letter == "\n" else _escaped(letter) for letter in text
    )


def raw_data(raw: bytes) -> Data:
    """The bytes as text where they are text, and always in hex."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    return {"text": text, "hex": raw.hex()}


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
