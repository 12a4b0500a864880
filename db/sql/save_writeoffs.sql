-- A write-off changes once: it is reversed.
INSERT INTO writeoffs (account_id, writeoff, invoice, amount, seq, line, parent, plan, is_reversed,
                       terms)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
                     %s::text[], %s::text[], %s::boolean[], %s::uuid[])
ON CONFLICT (account_id, writeoff) DO UPDATE SET is_reversed = excluded.is_reversed
