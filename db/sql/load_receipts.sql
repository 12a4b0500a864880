SELECT account_id, source, id, type, digest, outcome, reason, decided_at, business_at,
       seq_first, seq_last, event_seq, attributes, repeats, conflicts
FROM unnest(%s::uuid[], %s::uuid[]) AS named_by (account_id, key)
JOIN receipts USING (account_id, key)
