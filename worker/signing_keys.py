"""The file of signing keys: JSON, a secret in hex and the tenants it speaks for under each id.

It is a file and not a variable, because secrets are mounted as files, and what stands in the
environment is shown by too many tools. No error here repeats anything of a secret.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from worker.codec_json import UnreadableError, parse
from worker.settings import SettingsError
from worker.signatures import KEY_ID, Key

_SECRET = re.compile("([0-9a-fA-F]{2}){32,}")


class _Written(BaseModel):
    """A key as it stands in the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    secret: SecretStr
    tenants: list[str] = Field(min_length=1)


_FILE = TypeAdapter(dict[Annotated[str, Field(pattern=f"^{KEY_ID}$")], _Written])


def keys_in(path: Path) -> dict[str, Key]:
    """The keys of a file, by their ids; raises SettingsError, which says what is wrong where."""
    try:
        written = _FILE.validate_python(parse(path.read_bytes()))
    except OSError as error:
        raise _unfit(path, error.strerror or "cannot be read") from None
    except UnreadableError as error:
        raise _unfit(path, str(error)) from None
    except ValidationError as error:  # its own text would show the secret
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise _unfit(path, f"{where}: {first['msg']}") from None
    return {name: _key(path, name, said) for name, said in written.items()}


def _key(path: Path, name: str, written: _Written) -> Key:
    secret = written.secret.get_secret_value()
    if not _SECRET.fullmatch(secret):
        wanted = "must be 32 bytes or more in hex, such as `openssl rand -hex 32` prints"
        raise _unfit(path, f"{name}.secret: {wanted}")
    return Key.of(name, bytes.fromhex(secret), frozenset(written.tenants))


def _unfit(path: Path, why: str) -> SettingsError:
    return SettingsError(f"SCRIP_SIGNING_KEYS: {path}: {why}")
