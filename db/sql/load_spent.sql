-- Entries that messages name, and what has come back of those that were deductions (R14).
SELECT account_id, seq, kind, invoice, allocations, coalesce(returned.amount, 0)
FROM unnest(%s::uuid[], %s::bigint[]) AS named_by (account_id, seq)
JOIN entries USING (account_id, seq) LEFT JOIN returned USING (account_id, seq)
