"""Keys and signatures for tests, made without the code under test."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

from worker.signatures import Key

SECRETS = {"old": "0f" * 32, "new": "f0" * 32, "acme-crm": "a5" * 48}
TENANTS = {"old": ["*"], "new": ["*"], "acme-crm": ["acme", "acme-test"]}
KEYS = {
    name: Key.of(name, bytes.fromhex(secret), frozenset(TENANTS[name]))
    for name, secret in SECRETS.items()
}


def signature(raw: bytes, key: str = "new", secret: str | None = None) -> str:
    """As any publisher makes it from SECURITY.md."""
    mac = hmac.new(bytes.fromhex(secret or SECRETS[key]), raw, "sha256")
    return f"{key}:{mac.hexdigest()}"


def key_file(folder: Path) -> Path:
    """The keys as an operator mounts them."""
    path = folder / "signing-keys.json"
    written = {name: {"secret": SECRETS[name], "tenants": TENANTS[name]} for name in SECRETS}
    path.write_text(json.dumps(written))
    return path
