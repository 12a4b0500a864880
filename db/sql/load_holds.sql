SELECT account_id, hold, lots, expires_at, since, until, terms
FROM unnest(%s::uuid[], %s::text[]) AS named_by (account_id, hold)
JOIN holds USING (account_id, hold)
