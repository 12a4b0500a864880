-- Accounts, but for those whose row was written last by the transaction that is known of them.
SELECT account_id, tenant, customer, currency, balance, seq, event_seq, head, decided_at,
       auto_apply, apply_to_open_invoices, low_balance, plan, has_enough
FROM unnest(%s::uuid[], %s::xid[]) AS known (account_id, written_by)
JOIN accounts USING (account_id)
WHERE accounts.xmin IS DISTINCT FROM known.written_by
