UPDATE accounts SET auto_apply = new.auto_apply,
                    apply_to_open_invoices = new.apply_to_open_invoices,
                    low_balance = new.low_balance, plan = new.plan
FROM unnest(%s::uuid[], %s::boolean[], %s::boolean[], %s::bigint[], %s::text[])
     AS new (account_id, auto_apply, apply_to_open_invoices, low_balance, plan)
WHERE accounts.account_id = new.account_id
