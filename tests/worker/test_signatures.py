"""Signatures: what is not rightly signed is set aside by name of its key, and touches nothing."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain import verbs
from domain.identity import AccountKey, account_id
from domain.messages import Message
from tests.worker.codec_cases import encoded, event
from tests.worker.signed import KEYS, SECRETS, key_file, signature
from worker import wiring_books
from worker.codec import Codec, Decode, Ignored, Malformed
from worker.deciding import OwnThread
from worker.intake import Reader
from worker.lease import Tenure
from worker.memory.broker import MemoryBroker
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.settings import Settings, SettingsError
from worker.signatures import SignedCodec, to_keep
from worker.signing_keys import keys_in

NOTE = "nobody else's business"
RAW = encoded(event(note=NOTE))
ACME = encoded(event(note=NOTE, tenant="acme"))
CODEC = Codec(ignore_types=frozenset({"order.shipped"})).decode
strict = SignedCodec(CODEC, KEYS, strict=True).decode
optional = SignedCodec(CODEC, KEYS, strict=False).decode

_FORM = "must be a key's id, a colon, and the HMAC-SHA256 of the event in hex"
_ODD = "not that of these bytes under the key"
WRONG: list[tuple[str, bytes, str, str]] = [
    ("another secret", RAW, signature(RAW, "new", SECRETS["old"]), f"{_ODD} 'new'"),
    ("another key", RAW, signature(RAW, "new").replace("new:", "old:"), f"{_ODD} 'old'"),
    ("other bytes", RAW, signature(RAW + b" "), f"{_ODD} 'new'"),
    ("all zeros", RAW, f"new:{'0' * 64}", f"{_ODD} 'new'"),
    ("a plain hash", RAW, f"new:{sha256(RAW).hexdigest()}", f"{_ODD} 'new'"),
    ("unknown key", RAW, signature(RAW, "newer", SECRETS["new"]), "no key is called 'newer' here"),
    ("another tenant", RAW, signature(RAW, "acme-crm"), "the key 'acme-crm' does not speak for"),
    ("empty", RAW, "", _FORM),
    ("no key", RAW, signature(RAW).removeprefix("new"), _FORM),
    ("half of it", RAW, signature(RAW)[:-32], _FORM),
    ("more than it", RAW, signature(RAW) + "00", _FORM),
    ("a line more", RAW, signature(RAW) + "\n", _FORM),
    ("an odd key", RAW, signature(RAW).replace("new", "n\x00w"), _FORM),
    ("digits of another script", RAW, "new:" + "\N{ARABIC-INDIC DIGIT ONE}" * 64, _FORM),
    ("malformed too", b"{", signature(b"[", "new"), f"{_ODD} 'new'"),
]


@pytest.mark.parametrize("decode", [strict, optional])
@pytest.mark.parametrize(
    ("raw", "signed", "reason"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_signature_is_named_by_its_key_and_by_nothing_else(
    decode: Decode, raw: bytes, signed: str, reason: str
) -> None:
    found = decode(raw, signed)
    assert isinstance(found, Malformed)
    assert found.reason.startswith(f"signature: {reason}")
    assert found.message_id == (None if raw == b"{" else "m-1")
    assert not any(told in found.reason for told in (NOTE, *SECRETS.values(), signed[-32:] or NOTE))


@pytest.mark.parametrize("decode", [strict, optional])
@pytest.mark.parametrize(
    ("raw", "key"), [(RAW, "new"), (RAW, "old"), (ACME, "new"), (ACME, "acme-crm")]
)
def test_a_right_one_is_a_message_under_every_key_that_is_live(
    decode: Decode, raw: bytes, key: str
) -> None:
    signed = signature(raw, key)
    for written in (signed, f"{key}:{signed.partition(':')[2].upper()}"):
        assert decode(raw, written) == CODEC(raw)
    assert isinstance(decode(raw, signed), Message)
    assert KEYS[key].sign(raw) == signed


def test_without_one_it_depends() -> None:
    missing = "signature: missing, and unsigned messages are not taken here"
    assert strict(RAW) == Malformed(missing, "m-1")
    assert strict(b"{") == Malformed(missing, None)
    assert isinstance(optional(RAW), Message)
    assert optional(b"{") == CODEC(b"{")


def test_what_has_no_effect_need_not_be_signed() -> None:
    shipped = b'{"type":"order.shipped"}'
    for signed in (None, "", signature(shipped)):
        assert strict(shipped, signed) == Ignored("order.shipped")


def test_off_looks_at_nothing() -> None:
    assert isinstance(CODEC(RAW, "rubbish"), Message)


# --- on its way ---


class Installation:
    """A reader that takes signed messages only."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.broker, self.store = MemoryBroker(self.clock), MemoryStore(self.clock)
        tenure = Tenure(self.store, self.clock, "reader/0", "test", 3)
        self.reader = Reader(self.broker, OwnThread(self.store, strict), self.clock, tenure)

    def take(self, *messages: tuple[bytes, str | None]) -> None:
        """Read messages with their signatures until nothing waits."""
        self.broker.submit([raw for raw, _ in messages], [signed for _, signed in messages])
        while self.broker.backlog():
            self.reader.turn(1.0)

    def kept(self) -> dict[str | None, tuple[str, str | None]]:
        """What is set aside: reason and signature by message id."""
        rows = self.store.quarantined.values()
        return {row.message_id: (row.reason.split(":")[0], row.signature) for row in rows}

    def balance(self) -> int:
        """What the customer has."""
        here = self.store.accounts.get(account_id(AccountKey("default", "cus_1", "USD")))
        return here.account.balance if here else 0


def grant(name: str, **data: Any) -> bytes:
    return encoded({**event(**data), "id": name})


def signed(raw: bytes, key: str = "new") -> tuple[bytes, str]:
    return raw, signature(raw, key)


def test_the_wrong_are_set_aside_and_the_right_behind_them_go_on() -> None:
    here = Installation()
    forged = signature(RAW)
    here.take((grant("a"), forged), (grant("b"), None), signed(grant("c"), "old"))
    assert here.kept() == {"a": ("signature", forged), "b": ("signature", None)}
    assert here.balance() == 1250


def test_whatever_is_set_aside_keeps_what_it_was_signed_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Malformed, in conflict, or one that fails in a way that nobody foresaw."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    body, _ = verbs.VERBS["credit.deduct"]
    monkeypatch.setitem(verbs.VERBS, "credit.deduct", (body, fails))
    bad = [
        signed(grant("malformed", priority=-1)),
        signed(grant("conflict", amount=7), "old"),
        signed(encoded({**event("credit.deduct"), "id": "impossible"})),
    ]
    here = Installation()
    here.take(signed(grant("conflict")), *bad)
    kept = {name: said for name, (_, said) in here.kept().items()}
    names = ("malformed", "conflict", "impossible")
    assert kept == {name: said for name, (_, said) in zip(names, bad, strict=True)}
    assert here.balance() == 1250


@pytest.mark.parametrize("rubbish", ["", "\x00", "x" * 10_000_000, "new:\udc80", "old"])
def test_what_is_no_signature_is_kept_as_one_that_never_fits(rubbish: str) -> None:
    here = Installation()
    here.take((RAW, rubbish))
    assert here.kept() == {"m-1": ("signature", "unreadable")}
    assert isinstance(optional(RAW, to_keep(rubbish)), Malformed)


# --- the file ---

GOOD = {"secret": SECRETS["old"], "tenants": ["*"]}
_SECRET = "must be 32 bytes or more in hex"
UNFIT: list[tuple[Any, str]] = [
    (None, "No such file or directory"),
    ("{", "not JSON"),
    ([], "the whole: Input should be a valid dictionary"),
    ({"a": {}}, "a.secret: Field required"),
    ({"a": {"secret": SECRETS["old"]}}, "a.tenants: Field required"),
    ({"a": {**GOOD, "tenants": []}}, "a.tenants: List should have at least 1 item"),
    ({"a": {**GOOD, "tenants": "*"}}, "a.tenants: Input should be a valid list"),
    ({"a": {**GOOD, "tenant": "*"}}, "a.tenant: Extra inputs are not permitted"),
    ({"a": {**GOOD, "secret": "0f" * 31}}, f"a.secret: {_SECRET}"),
    ({"a": {**GOOD, "secret": "0f" * 32 + "\n"}}, f"a.secret: {_SECRET}"),
    ({"a": {**GOOD, "secret": "correct horse battery staple, and more"}}, f"a.secret: {_SECRET}"),
    ({"a": {**GOOD, "secret": 17}}, "a.secret: Input should be a valid string"),
    ({"a:b": GOOD}, "a:b.[key]: String should match pattern"),
    ('{"a":1,"a":2}', "the key 'a' stands twice"),
]


@pytest.mark.parametrize(("written", "reason"), UNFIT)
def test_a_file_that_is_wrong_is_told_without_its_secrets(
    tmp_path: Path, written: Any, reason: str
) -> None:
    path = tmp_path / "keys"
    if written is not None:
        path.write_text(written if isinstance(written, str) else json.dumps(written))
    with pytest.raises(SettingsError) as told:
        keys_in(path)
    assert str(told.value).startswith(f"SCRIP_SIGNING_KEYS: {path}: {reason}")
    assert told.value.__cause__ is None
    assert "0f0f" not in str(told.value) and "horse" not in str(told.value)


def test_the_file_says_what_the_settings_ask_for(tmp_path: Path) -> None:
    def decoder(signatures: str) -> Decode:
        given: dict[str, Any] = {"DATABASE_URL": "", "BROKER_URL": "", "signatures": signatures}
        return wiring_books.decoder(Settings(**given, signing_keys=key_file(tmp_path)))

    assert isinstance(decoder("strict")(RAW), Malformed)
    assert isinstance(decoder("strict")(ACME, signature(ACME, "acme-crm")), Message)
    assert isinstance(decoder("optional")(RAW), Message)
    assert isinstance(decoder("optional")(RAW, "rubbish"), Malformed)
    assert isinstance(decoder("off")(RAW, "rubbish"), Message)


def test_keys_do_not_show_their_secrets(tmp_path: Path) -> None:
    keys = keys_in(key_file(tmp_path))
    assert list(keys) == list(SECRETS)
    shown = repr(keys) + repr(vars(SignedCodec(CODEC, keys, strict=True)))
    for secret in SECRETS.values():
        assert secret[:8] not in shown
        assert repr(bytes.fromhex(secret))[2:10] not in shown
