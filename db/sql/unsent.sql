-- Rows of batches that touch the same account carry ids in commit order, because an id is drawn
-- under the accounts' locks; batches without a common account may come in any order.
SELECT id, events FROM outbox WHERE NOT id = ANY(%s::bigint[]) ORDER BY id LIMIT %s
