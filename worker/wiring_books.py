"""From settings to the parts of whoever decides: the books and the codec, and no broker.

A decider starts in half the time without the clients of brokers.
"""

from db.engine import engine_for
from db.roles import WORKER
from db.store import PostgresStore
from worker.codec import Codec, Decode
from worker.notes import take
from worker.observed import Take, observed
from worker.ports import Store
from worker.settings import Settings
from worker.signatures import SignedCodec
from worker.signing_keys import keys_in
from worker.traces import traces


def store(settings: Settings, role: str = WORKER, grants_at_hand: int = 0) -> PostgresStore:
    """The database, with a small pool of connections of its own that step down to the role."""
    url = settings.database_url.get_secret_value()
    engine = engine_for(url, role=role, by_index=True)
    return PostgresStore(engine, grants_at_hand)


def books(settings: Settings, note: Take = take) -> Store:
    """The database for one who decides, each batch told to `note`, the log and traces."""
    slow_seconds = settings.slow_batch_ms / 1_000
    kept = store(settings, grants_at_hand=settings.grants_at_hand)
    return observed(kept, slow_seconds, traces(settings), note)


def codec(settings: Settings) -> Codec:
    """The codec, within the settings' limits."""
    return Codec(ignore_types=settings.ignore_types, bytes_max=settings.message_bytes)


def decoder(settings: Settings) -> Decode:
    """The codec, with an eye for signatures if it shall have one; raises SettingsError."""
    decode = codec(settings).decode
    if settings.signatures == "off":
        return decode
    keys = keys_in(settings.signing_keys)
    return SignedCodec(decode, keys, strict=settings.signatures == "strict").decode
