UPDATE invoices SET amount_due = new.amount_due, applied = new.applied, status = new.status,
                    auto_apply = new.auto_apply, issued_at = new.issued_at,
                    lines = new.lines::jsonb, uses = new.uses::jsonb,
                    entries = new.entries::bigint[], terms = new.terms,
                    written_off = new.written_off, revised = new.revised
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::boolean[],
            %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::bigint[],
            %s::bigint[])
     AS new (account_id, invoice, amount_due, applied, status, auto_apply, issued_at, lines, uses,
             entries, terms, written_off, revised)
WHERE invoices.account_id = new.account_id AND invoices.invoice = new.invoice
