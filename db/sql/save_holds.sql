-- A hold changes once: it ends.
INSERT INTO holds (account_id, hold, lots, expires_at, since, until, terms)
SELECT account_id, hold, lots::jsonb, expires_at, since, until, terms
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
            %s::bigint[], %s::uuid[])
     AS new (account_id, hold, lots, expires_at, since, until, terms)
ON CONFLICT (account_id, hold) DO UPDATE SET until = excluded.until
