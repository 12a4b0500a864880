-- What an amendment leaves unsaid of people's words stays as it is (R15).
UPDATE grants SET expires_at = new.expires_at, priority = new.priority,
                  memo = coalesce(new.memo, grants.memo),
                  reference_number = coalesce(new.reference_number, grants.reference_number),
                  amendments = new.number, is_announced = false
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::smallint[], %s::text[], %s::text[],
            %s::integer[])
     AS new (account_id, grant_id, expires_at, priority, memo, reference_number, number)
WHERE grants.account_id = new.account_id AND grants.grant_id = new.grant_id
