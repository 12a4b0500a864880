-- What a grant may pay when it comes (R11).
SELECT account_id, invoice, amount_due, status, auto_apply, issued_at, lines, uses, entries, terms,
       written_off, revised
FROM invoices WHERE account_id = ANY(%s::uuid[]) AND is_payable
