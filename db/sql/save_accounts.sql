UPDATE accounts SET balance = new.balance, seq = new.seq, event_seq = new.event_seq,
                    head = decode(new.head, 'hex'), decided_at = new.decided_at
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
     AS new (account_id, balance, seq, event_seq, head, decided_at)
WHERE accounts.account_id = new.account_id
