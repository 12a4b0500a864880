UPDATE grants SET is_announced = true
FROM unnest(%s::uuid[], %s::text[]) AS new (account_id, grant_id)
WHERE grants.account_id = new.account_id AND grants.grant_id = new.grant_id
