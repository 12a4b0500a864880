SELECT account_id, grant_id, seq, amount, remaining, category, priority, effective_at, expires_at,
       scope, used, expired, voided, moved, held, is_void, external_id, named, terms,
       amendments, is_announced
FROM grants WHERE account_id = ANY(%s::uuid[]) AND is_open
