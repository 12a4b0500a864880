SELECT account_id, writeoff, invoice, amount, seq, line, parent, plan, is_reversed, terms
FROM unnest(%s::uuid[], %s::text[]) AS named_by (account_id, writeoff)
JOIN writeoffs USING (account_id, writeoff)
