INSERT INTO returned (account_id, seq, amount)
SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[])
ON CONFLICT (account_id, seq) DO UPDATE SET amount = excluded.amount
