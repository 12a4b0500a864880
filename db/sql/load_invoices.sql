SELECT account_id, invoice, amount_due, status, auto_apply, issued_at, lines, uses, entries, terms,
       written_off, revised
FROM unnest(%s::uuid[], %s::text[]) AS named_by (account_id, invoice)
JOIN invoices USING (account_id, invoice)
