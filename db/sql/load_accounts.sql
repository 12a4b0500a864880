SELECT account_id, tenant, customer, currency, balance, seq, event_seq, head, decided_at,
       auto_apply, apply_to_open_invoices, low_balance, plan, has_enough
FROM accounts WHERE account_id = ANY(%s::uuid[])
