UPDATE receipts SET repeats = new.repeats, conflicts = new.conflicts
FROM unnest(%s::uuid[], %s::uuid[], %s::integer[], %s::integer[])
     AS new (account_id, key, repeats, conflicts)
WHERE receipts.account_id = new.account_id AND receipts.key = new.key
