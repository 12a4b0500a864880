SELECT account_id, hold, lots, expires_at, since, until, terms
FROM holds WHERE account_id = ANY(%s::uuid[]) AND is_open
