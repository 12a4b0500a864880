"""What only the database as a whole can show: rows that contradict each other across tables."""

from typing import NamedTuple


class Check(NamedTuple):
    """A promise, in words, and a query that counts the rows that break it."""

    promise: str
    words: str
    broken: str


CHECKS = (
    Check(
        "I2",
        "receipts are kept under the key of their source and id",
        """SELECT count(*) FROM receipts,
               LATERAL (SELECT int4send(octet_length(id)) || convert_to(id, 'UTF8')) AS i (id),
               LATERAL (SELECT int4send(octet_length(source)) || convert_to(source, 'UTF8'))
                   AS s (source)
           WHERE uuid_send(key)
               <> substr(sha256(i.id), 1, 4) || substr(sha256(s.source || i.id), 1, 12)""",
    ),
    Check(
        "I7",
        "what invoices show as applied is the sum of what stands applied",
        """SELECT count(*) FROM invoices WHERE applied <> written_off + coalesce(
               (SELECT sum((use ->> 2)::bigint) FROM jsonb_array_elements(uses) AS use), 0)""",
    ),
    Check(
        "I10",
        "the database itself refuses to change or delete entries",
        """SELECT 2 - count(*) FROM pg_trigger
           WHERE tgrelid = 'entries'::regclass AND tgname IN ('i10_immutable', 'i10_not_truncated')
             AND tgenabled IN ('O', 'A')""",
    ),
    Check(
        "I15",
        "accounts stand in the bucket of their id",
        """SELECT count(*) FROM accounts, uuid_send(account_id) AS id
           WHERE bucket <> (get_byte(id, 0) << 2) + (get_byte(id, 1) >> 6)""",
    ),
)
