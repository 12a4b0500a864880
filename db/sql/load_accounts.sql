SELECT account_id, tenant, customer, currency, balance, seq, event_seq, head, decided_at, auto_apply
FROM accounts WHERE account_id = ANY(%s::uuid[])
