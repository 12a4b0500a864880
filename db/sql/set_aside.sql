-- The same bytes are set aside once; sent again after a redrive they are held again.
INSERT INTO quarantine (digest, raw, reason, message_id, signature)
SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (digest) DO UPDATE
SET reason = excluded.reason, state = 'held', signature = excluded.signature
