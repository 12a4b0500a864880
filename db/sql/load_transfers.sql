SELECT account_id, transfer, to_customer, amount, seq, terms
FROM unnest(%s::uuid[], %s::text[]) AS named_by (account_id, transfer)
JOIN transfers USING (account_id, transfer)
