-- Grants that messages or invoices name, open or not.
SELECT account_id, grant_id, seq, amount, remaining, category, priority, effective_at, expires_at,
       scope, used, expired, voided, moved, held, is_void, external_id, named, terms,
       amendments, is_announced
FROM unnest(%s::uuid[], %s::text[]) AS named_by (account_id, grant_id)
JOIN grants USING (account_id, grant_id)
