UPDATE accounts SET balance = new.balance, seq = new.seq, event_seq = new.event_seq,
                    head = decode(new.head, 'hex'), decided_at = new.decided_at,
                    has_enough = new.has_enough
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[],
            %s::boolean[])
     AS new (account_id, balance, seq, event_seq, head, decided_at, has_enough)
WHERE accounts.account_id = new.account_id
