UPDATE grants SET remaining = new.remaining, used = new.used, expired = new.expired,
                  voided = new.voided, moved = new.moved, held = new.held, is_void = new.is_void
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::bigint[], %s::boolean[])
     AS new (account_id, grant_id, remaining, used, expired, voided, moved, held, is_void)
WHERE grants.account_id = new.account_id AND grants.grant_id = new.grant_id
