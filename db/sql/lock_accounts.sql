-- Lock a batch's accounts in account_id order, making the missing ones, in one pass: two writers
-- with overlapping accounts, new ones included, can wait for each other but never in a circle.
-- The update never happens (WHERE false); it is there because it locks the row that exists.
INSERT INTO accounts (account_id, bucket, tenant, customer, currency)
SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (account_id) DO UPDATE SET seq = accounts.seq WHERE false
